import json

import numpy as np
import pytest
from pydantic import ValidationError
from stand_ins.installing import calls, install

from tasks.cryolo import configuration, count
from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.cbox import Boxes
from tasks.formats.coordinates import read_coordinates
from tasks.particle_picking import Cryolo
from tasks.particle_picking.cryolo import usual_size


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "model.h5"
    path.write_bytes(b"network")
    return path


@pytest.fixture
def cryolo(tmp_path, weights):
    """Return a maker of crYOLO, or of a shell script in its place, with the Python of its environment beside it."""

    def made(script=None, **fields):
        path = install("cryolo", tmp_path / "bin", "cryolo_predict.py")
        if script is not None:
            path.write_text(f"#!/bin/sh\n{script}\n")
        return Cryolo(**{"executable": str(path), "weights": weights, **fields})

    return made


def boxes(confidences, sizes):
    return Boxes(np.zeros((len(sizes), 3)), np.array(confidences), np.array(sizes, float))


def test_the_command_is_whole(weights):
    tool = Cryolo(
        weights=weights, threshold=0.15, distance=30, smallest=100, largest=250, normalization_margin=0.1, threads=4
    )
    start = ["cryolo_predict.py", "--conf", "cryolo_config.json", "--weights", str(weights)]
    middle = ["--input", "micrograph.mrc", "--output", ".", "--otf", "--threshold", "0.15", "--norm_margin", "0.1"]
    end = ["--prediction_batch_size", "3", "--num_cpu", "4", "--distance", "20", "--minsize", "67", "--maxsize", "167"]
    assert tool.command(1.5) == [*start, *middle, *end]
    plain = Cryolo(weights=weights).command(1.5)
    assert plain[-1] == "1"
    assert not {"--distance", "--minsize", "--maxsize"} & set(plain)


def test_the_configuration_is_whole():
    model = {"architecture": "PhosaurusNet", "input_size": 1024, "anchors": [160, 160], "max_box_per_image": 700}
    filtered = {**model, "norm": "STANDARD", "filter": [0.1, "filtered/"]}
    assert json.loads(configuration(160, 1024, 0.1, "STANDARD")) == {"model": filtered, "other": {"log_path": "logs/"}}
    assert json.loads(configuration(160, 1024, None, "GMM"))["model"] == {**model, "norm": "GMM"}


def test_keeps_what_cryolo_found(cryolo, simulated, micrograph, tmp_path):
    image, truth = simulated
    tool = cryolo(diameter=150)
    found = tool.pick(micrograph(image), tmp_path / "out")
    places, merits = read_coordinates(found.coordinates)
    near = np.linalg.norm(places[:, None] - truth, axis=2) < 35
    assert near.any(axis=0).mean() > 0.55
    assert near.any(axis=1).mean() > 0.8
    assert merits.min() >= found.threshold == 0.3
    assert found.program == "crYOLO 1.9.9"
    # The stand-in estimates boxes of 75 pixels to be one pixel larger.
    assert found.diameter == 152
    assert "particles in total has been found" in (tmp_path / "out" / "micrograph_cryolo.log").read_text()
    assert len(calls(tmp_path / "bin" / "cryolo_predict.py")) == 1


def test_no_particles_are_a_result(cryolo, empty_ice, micrograph, tmp_path):
    found = cryolo(threshold=1.0).pick(micrograph(empty_ice), tmp_path / "out")
    assert found.count == 0
    assert found.diameter == 150


def test_particles_at_the_edges_that_cryolo_deletes_do_not_count(cryolo, empty_ice, micrograph, tmp_path):
    said = "echo '2 particles in total has been found ( 1 seconds)'; echo 'Deleted 2 particles as they were not fully'"
    assert cryolo(said).pick(micrograph(empty_ice), tmp_path / "out").count == 0


def test_an_image_without_a_single_box_is_a_result_even_if_cryolo_falls_over_it(
    cryolo, empty_ice, micrograph, tmp_path
):
    found = cryolo("echo 'IndexError: list index out of range' >&2; exit 1").pick(micrograph(empty_ice), tmp_path)
    assert found.count == 0


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        ("echo 'Not enough GPU memory. Try to reduce prediction batch size (-pbs). '", CommandError, "out of memory"),
        ("echo 'KeyError: 1' >&2; exit 1", CommandError, "failed with status 1"),
        ("echo '3 particles in total has been found ( 1 seconds)'", ResultError, "wrote no micrograph.cbox"),
        ("echo Done", ResultError, "did not say how many particles it found; it last said: Done"),
    ],
)
def test_failures_say_what_went_wrong(cryolo, micrograph, script, error, words):
    image = micrograph(np.random.default_rng(1).normal(size=(300, 300)))
    with pytest.raises(error, match=words):
        cryolo(script).pick(image, image.path.parent / "out")


def test_boxes_that_cryolo_only_considered_are_left_out(weights):
    tool = Cryolo(weights=weights, threshold=0.3, smallest=90, largest=200)
    found = tool.chosen(boxes([0.2, 0.9, 0.9, 0.9, 0.9], [60, 45, 60, 100, np.nan]), 2.0)
    np.testing.assert_array_equal(found.sizes, [60, np.nan])


def test_the_diameter_is_the_usual_estimate_if_there_are_any():
    assert usual_size(boxes([1, 1, 1], [60, 70, np.nan]), 2.0) == 130
    assert usual_size(boxes([1], [np.nan]), 2.0) is None


def test_what_is_traced_counts_in_tomograms():
    said = (
        "40 particles in total has been found ( 3 seconds)\n8 Particles were found by tracing 40 through the volumes.\n"
    )
    assert count(said) == 8


def test_weights_that_are_not_there_are_refused(cryolo, empty_ice, micrograph, tmp_path):
    with pytest.raises(InputError, match=r"none\.h5: no such file; expected the weights of a network"):
        cryolo(weights=tmp_path / "none.h5").pick(micrograph(empty_ice), tmp_path / "out")
    with pytest.raises(ValidationError, match="weights"):
        Cryolo.model_validate({"tool": "cryolo"})
