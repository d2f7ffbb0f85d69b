import shutil

import numpy as np
import pandas as pd
import pytest

from tasks.errors import CommandError, FormatError, InputError, ResultError
from tasks.formats.coordinates import read_coordinates
from tasks.formats.mrc import write_mrc
from tasks.formats.star import write_star
from tasks.particle_picking import RelionTemplates

NEEDS_RELION = pytest.mark.skipif(shutil.which("relion_autopick") is None, reason="RELION is not installed")


@pytest.fixture
def template(tmp_path):
    """Return a stack of one bright round reference of 75 pixels, on the scale of noise of standard deviation 1."""
    y, x = np.mgrid[-48:48, -48:48]
    image = np.clip(37 - np.hypot(x, y), 0, 1) - 0.3 * np.clip(46 - np.hypot(x, y), 0, 1)
    write_mrc(tmp_path / "averages.mrcs", 0.25 * image[None].astype(np.float32), 2.0, stack=True)
    return tmp_path / "averages.mrcs"


@pytest.fixture
def relion(tmp_path, template):
    """Return a stand-in for relion_autopick that does what it is told."""

    def made(script):
        path = tmp_path / "relion_autopick"
        path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "RELION version: 4.0.1" && exit\n{script}\n')
        path.chmod(0o755)
        return RelionTemplates(executable=str(path), references=template)

    return made


def test_the_command_is_whole(template):
    tool = RelionTemplates(references=template, diameter=140, threshold=0.4, most_deviation=1.1, highpass=300)
    begin = ["relion_autopick", "--i", "micrograph.mrc", "--odir", "out/", "--pickname", "autopick", "--angpix", "1.35"]
    what = ["--ref", str(template), "--angpix_ref", "2", "--particle_diameter", "140", "--min_distance", "98"]
    how = ["--shrink", "0", "--threshold", "0.4", "--max_stddev_noise", "1.1", "--ang", "10", "--lowpass", "20"]
    end = ["--highpass", "300", "--healpix_order", "1", "--sym", "C1", "--invert"]
    assert tool.command(1.35) == [*begin, *what, *how, *end]
    assert "--invert" not in tool.model_copy(update={"dark": False}).command(1.35)


def test_a_list_of_references_needs_their_pixel_size(tmp_path):
    write_star(tmp_path / "refs.star", {"": pd.DataFrame({"rlnReferenceImage": ["1@averages.mrcs"]})})
    tool = RelionTemplates(references=tmp_path / "refs.star")
    with pytest.raises(InputError, match="reference_pixel_size: none; expected that of the references"):
        tool.command(1.0)
    assert tool.model_copy(update={"reference_pixel_size": 3.0}).pixel_size_of_references() == 3


@pytest.mark.parametrize(("name", "shape"), [("slab.mrc", (4, 8, 8)), ("wide.mrcs", (2, 8, 10))])
def test_what_is_no_reference_is_refused(tmp_path, name, shape):
    write_mrc(tmp_path / name, np.ones(shape, np.float32), 2.0)
    with pytest.raises(FormatError, match=r"expected square images in a stack \(\.mrcs\), or a cube \(\.mrc\)"):
        RelionTemplates(references=tmp_path / name).command(1.0)


def test_missing_references_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"none\.mrcs: no such file"):
        RelionTemplates(references=tmp_path / "none.mrcs").command(1.0)


def test_says_its_version(relion):
    assert relion("").version() == "RELION 4.0.1"


def test_failures_and_missing_coordinates_are_errors(relion, empty_ice, micrograph, tmp_path):
    with pytest.raises(CommandError, match="cannot read"):
        relion("echo cannot read; exit 1").pick(micrograph(empty_ice), tmp_path / "out")
    with pytest.raises(ResultError, match="wrote no coordinates"):
        relion("true").pick(micrograph(empty_ice), tmp_path / "out")


@NEEDS_RELION
def test_relion_finds_simulated_particles_by_a_template(template, simulated, micrograph, tmp_path):
    image, truth = simulated
    tool = RelionTemplates(references=template, diameter=150, angular_step=360)
    found = tool.pick(micrograph(image), tmp_path / "out")
    places, merits = read_coordinates(found.coordinates)
    near = np.linalg.norm(places[:, None] - truth, axis=2) < 35
    assert near.any(axis=0).mean() > 0.5
    assert near.any(axis=1).mean() > 0.8
    assert merits.min() >= found.threshold == 0.3
    assert found.program.startswith("RELION ")


@NEEDS_RELION
def test_relion_projects_a_density(simulated, micrograph, tmp_path):
    z, y, x = np.mgrid[-32:32, -32:32, -32:32]
    ball = np.clip(25 - np.sqrt(x**2 + y**2 + z**2), 0, 1)
    write_mrc(tmp_path / "density.mrc", 0.005 * ball.astype(np.float32), 3.0)
    tool = RelionTemplates(references=tmp_path / "density.mrc", healpix_order=0, angular_step=360)
    image, truth = simulated
    places, _ = read_coordinates(tool.pick(micrograph(image), tmp_path / "out").coordinates)
    near = np.linalg.norm(places[:, None] - truth, axis=2) < 35
    assert near.any(axis=1).mean() > 0.7
    assert near.any(axis=0).sum() > 10
