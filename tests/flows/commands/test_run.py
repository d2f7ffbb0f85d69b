import re

import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from flows.commands.run import with_sizes
from flows.parameters import with_tools
from flows.spa import SingleParticle
from flows.tomography import Tomography
from tasks.errors import InputError


def test_the_default_tool_is_meant_where_none_is_named():
    given = {"name": "a", "reconstructor": {"binning": 2}, "denoiser": {"tool": "topaz"}}
    expected = {"name": "a", "reconstructor": {"tool": "embedded", "binning": 2}, "denoiser": {"tool": "topaz"}}
    assert with_tools(given, Tomography) == expected


RANGE, MIDDLE = {"diameter_range": (100, 140)}, {"diameter": 120}
PARTICLES = {"name": "a", "folder": "/results", "source": {"folder": "/data", "acquisition": {"pixel_size": 1}}}


@pytest.mark.parametrize(
    ("picker", "sizes"),
    [
        ({}, RANGE),
        ({"tool": "embedded"}, RANGE),
        ({"tool": "relion"}, RANGE),
        ({"tool": "relion_templates", "references": "/data/averages.mrcs"}, MIDDLE),
        ({"tool": "topaz"}, MIDDLE),
        ({"tool": "cryolo", "weights": "/models/gmodel.h5"}, MIDDLE),
    ],
)
def test_each_picker_looks_for_the_diameters_that_are_said(picker, sizes):
    given = with_sizes({**PARTICLES, "picker": picker}, (100, 140))
    made = SingleParticle.model_validate(with_tools(given, SingleParticle)).picker
    assert made.tool == picker.get("tool", "embedded")
    assert made.model_dump(include={"diameter", "diameter_range"}) == sizes


def test_what_is_set_for_the_picker_counts_more_than_the_option():
    given = {"picker": {"tool": "topaz", "diameter": 90}}
    assert with_sizes(given, (120, 180)) == given
    assert with_sizes({"picker": "topaz"}, (120, 180)) == {"picker": "topaz"}


def test_diameters_fit_the_picker_that_is_set_by_name(tmp_path):
    options = ["--pixel-size", "1", "--diameter", "120", "180", "--set", "picker.tool=topaz", "--set", "hand=left"]
    result = CliRunner().invoke(app, ["run", "spa", "--movies", str(tmp_path), "--folder", str(tmp_path), *options])
    assert isinstance(result.exception, InputError)
    assert "picker" not in str(result.exception)
    assert "hand: Input should be" in str(result.exception)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--pixel-size", "1", "--symmetry", "Q9"], "Q9 is no point group"),
        (["--pixel-size", "1", "--diameter", "200", "100"], "--diameter: 200 100; expected the smallest first"),
        (["--dose", "1"], r"source\.acquisition\.pixel_size"),
        (["--pixel-size", "1", "--set", "hand=left"], "hand: Input should be 'as found' or 'mirrored'"),
    ],
    ids=["symmetry", "diameter", "pixel size", "hand"],
)
def test_parameters_of_single_particles_are_checked_before_anything_starts(tmp_path, options, said):
    result = CliRunner().invoke(app, ["run", "spa", "--movies", str(tmp_path), "--folder", str(tmp_path), *options])
    assert isinstance(result.exception, InputError)
    assert re.search(said, str(result.exception))
    assert not any(tmp_path.iterdir())
