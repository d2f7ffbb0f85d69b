import numpy as np
import pytest
from stand_ins.installing import calls, install

from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.coordinates import read_tomogram_coordinates
from tasks.tomogram_picking import CryoloTomogramPicking


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "model.h5"
    path.write_bytes(b"network")
    return path


@pytest.fixture
def cryolo(tmp_path, weights):
    path = install("cryolo", tmp_path / "bin", "cryolo_predict.py")
    return CryoloTomogramPicking(executable=str(path), weights=weights, diameter=240)


def test_the_command_is_whole(weights):
    tool = CryoloTomogramPicking(weights=weights, diameter=240, search_range=45, memory=2, distance=100, threads=2)
    start = ["cryolo_predict.py", "--conf", "cryolo_config.json", "--weights", str(weights)]
    middle = ["--input", "tomogram.mrc", "--output", ".", "--tomogram", "--threshold", "0.3", "--tracing_memory", "2"]
    more = ["--tracing_min_length", "5", "--norm_margin", "0", "--prediction_batch_size", "3", "--num_cpu", "2"]
    end = ["--tracing_search_range", "4", "--distance", "10"]
    assert tool.command(10.0) == [*start, *middle, *more, *end]
    assert CryoloTomogramPicking(weights=weights, diameter=240).command(10.0)[-2:] == ["--tracing_search_range", "-1"]


def test_finds_what_the_embedded_picking_finds(cryolo, filled, tmp_path):
    made = filled(831)
    picks = cryolo.pick("ts_01", made.tomogram, tmp_path / "out")
    recall, precision = made.judged(picks)
    assert recall > 0.85
    assert precision > 0.85
    assert (picks.program, picks.threshold, picks.diameter) == ("crYOLO 1.9.9", 0.3, 240)
    places, _ = read_tomogram_coordinates(picks.coordinates)
    near = made.places[np.linalg.norm(places[:, None] - made.places, axis=2).argmin(axis=1)]
    assert np.abs(np.median(places - near, axis=0)).max() < 5
    assert len(calls(tmp_path / "bin" / "cryolo_predict.py")) == 1


def test_no_particles_are_a_result(cryolo, filled, tmp_path):
    picks = cryolo.model_copy(update={"threshold": 1.0}).pick("ts_01", filled(832, count=0).tomogram, tmp_path / "out")
    assert picks.count == 0


def test_too_little_memory_of_the_gpu_is_said(cryolo, filled, weights, tmp_path):
    weights.write_bytes(b"without memory")
    with pytest.raises(CommandError, match=r"ran out of memory of the GPU .*; try a smaller prediction batch size"):
        cryolo.pick("ts_01", filled(833, count=1).tomogram, tmp_path / "out")


def test_a_cryolo_that_does_not_know_tomograms_is_refused(cryolo, filled, tmp_path):
    path = tmp_path / "bin" / "cryolo_predict.py"
    write = "mkdir CBOX_3D; printf '10\\t20\\t30\\t30\\t0.5\\n' > CBOX_3D/tomogram_834.cbox"
    path.write_text(f"#!/bin/sh\n{write}\necho '1 particles in total has been found ( 1 seconds)'\n")
    with pytest.raises(ResultError, match="boxes without heights"):
        cryolo.pick("ts_01", filled(834, count=1).tomogram, tmp_path / "out")


def test_without_weights_nothing_is_begun(cryolo, filled, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        cryolo.model_copy(update={"weights": tmp_path / "none.h5"}).pick(
            "ts_01", filled(835, count=1).tomogram, tmp_path
        )
    assert calls(tmp_path / "bin" / "cryolo_predict.py") == []
