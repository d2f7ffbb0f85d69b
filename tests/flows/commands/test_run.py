import re

import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from flows.parameters import with_tools
from flows.tomography import Tomography
from tasks.errors import InputError


def test_the_default_tool_is_meant_where_none_is_named():
    given = {"name": "a", "reconstructor": {"binning": 2}, "denoiser": {"tool": "topaz"}}
    expected = {"name": "a", "reconstructor": {"tool": "embedded", "binning": 2}, "denoiser": {"tool": "topaz"}}
    assert with_tools(given, Tomography) == expected


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--pixel-size", "1", "--symmetry", "Q9"], "Q9 is no point group"),
        (["--pixel-size", "1", "--diameter", "200", "100"], "the smallest must come first"),
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
