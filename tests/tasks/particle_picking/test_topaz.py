import sys
from pathlib import Path

import numpy as np
import pytest

from tasks import topaz_launcher
from tasks.errors import CommandError, ResultError
from tasks.formats.coordinates import read_coordinates
from tasks.particle_picking import Topaz

LAUNCHER = str(Path(topaz_launcher.__file__).resolve())
PICKS = "image_name\tx_coord\ty_coord\tscore\nmicrograph\t124\t96\t3.5\nmicrograph\t40\t700\t-0.25\n"


@pytest.fixture
def python(tmp_path):
    """Return a stand-in for a Python with Topaz: it notes its arguments and writes picks when it is to extract."""

    def made(picks=PICKS, script="", **fields):
        path = tmp_path / "python-with-topaz"
        (tmp_path / "picks").write_text(picks)
        path.write_text(
            f'#!/bin/sh\necho topaz 0.3.20\nprintf "%s\\n" "$@" >> {tmp_path}/arguments\n{script}\n'
            f'[ "$2" = preprocess ] && mkdir -p small && cp micrograph.mrc small/\n'
            f'[ "$2" = extract ] && cp {tmp_path}/picks picks.txt\nexit 0\n'
        )
        path.chmod(0o755)
        return Topaz(executable=str(path), **fields)

    return made


def test_the_commands_are_whole():
    tool = Topaz(executable="/opt/topaz/bin/python", diameter=120, model="resnet8", threshold=-1, device="cuda")
    start, device = ["/opt/topaz/bin/python", LAUNCHER], ["-d", "0", "--num-workers", "1"]
    prepare = [*start, "preprocess", *device, "-s", "4", "-o", "small", "micrograph.mrc"]
    pick = [*start, "extract", *device, "-j", "1", "-r", "10", "-x", "4", "-m", "resnet8", "-t", "-1"]
    assert tool.commands(1.5) == [prepare, [*pick, "-o", "picks.txt", "small/micrograph.mrc"]]
    assert Topaz().commands(1.5)[0][0] == sys.executable


def test_large_pixels_are_not_binned():
    commands = Topaz(diameter=160).commands(8.0)
    assert commands[0][commands[0].index("-s") + 1] == "1"
    assert commands[1][commands[1].index("-r") + 1] == "10"


def test_keeps_what_topaz_found(python, simulated, micrograph, tmp_path):
    found = python(threshold=-1.0, diameter=140).pick(micrograph(simulated[0]), tmp_path / "out")
    places, merits = read_coordinates(found.coordinates)
    np.testing.assert_array_equal(places, [(124, 96), (40, 700)])
    np.testing.assert_array_equal(merits, [3.5, -0.25])
    assert (found.count, found.threshold, found.diameter, found.program) == (2, -1, 140, "Topaz 0.3.20")
    assert (tmp_path / "out" / "micrograph_topaz.log").read_text() == 2 * "topaz 0.3.20\n"


def test_no_particles_are_a_result(python, simulated, micrograph, tmp_path):
    assert python("image_name\tx_coord\ty_coord\tscore\n").pick(micrograph(simulated[0]), tmp_path / "out").count == 0


def test_a_table_of_other_columns_is_an_error(python, simulated, micrograph, tmp_path):
    with pytest.raises(ResultError, match="expected x_coord"):
        python("name\tx\ty\n").pick(micrograph(simulated[0]), tmp_path / "out")


def test_missing_picks_are_an_error(python, simulated, micrograph, tmp_path):
    with pytest.raises(ResultError, match=r"did not write picks\.txt"):
        python(script="exit 0").pick(micrograph(simulated[0]), tmp_path / "out")


def test_a_failure_says_what_topaz_said(python, simulated, micrograph, tmp_path):
    with pytest.raises(CommandError, match="no module"):
        python(script="echo no module; exit 1").pick(micrograph(simulated[0]), tmp_path / "out")


def test_says_where_topaz_is_missing_and_how_to_install_it(simulated, micrograph, tmp_path):
    python = tmp_path / "python-without-topaz"
    # Without the packages of this environment, which may have Topaz.
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    with pytest.raises(CommandError, match=r"(?s)Topaz is not installed in .*cryoem-flows\[topaz\].* executable"):
        Topaz(executable=str(python)).pick(micrograph(simulated[0]), tmp_path / "out")
