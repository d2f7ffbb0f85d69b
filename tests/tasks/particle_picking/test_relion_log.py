import numpy as np
import pytest
from pydantic import ValidationError

from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.coordinates import read_coordinates
from tasks.formats.mrc import read_image
from tasks.particle_picking import RelionLog

FOUND = """
# version 30001

data_

loop_ 
_rlnCoordinateX #1 
_rlnCoordinateY #2 
_rlnAutopickFigureOfMerit #3 
_rlnClassNumber #4 
_rlnAnglePsi #5 
   33.695654   736.739177     0.571884            0     0.000000 
  632.173970   397.608715     0.527504            0     0.000000 
 
"""  # noqa: W291, W293 - as RELION 3.1.3 writes it
NONE = " Total number of particles from 1 micrographs is 0\n*** buffer overflow detected ***: terminated\n"


@pytest.fixture
def relion(tmp_path):
    """Return a stand-in for relion_autopick that notes its arguments and image, and then does what it is told."""

    def made(script, **fields):
        path = tmp_path / "relion_autopick"
        path.write_text(
            "#!/bin/sh\n"
            'if [ "$1" = --version ]; then echo "RELION version: 3.1.3 "; exit; fi\n'
            f'printf "%s\\n" "$@" > {tmp_path}/arguments\n'
            f"cp micrograph.mrc {tmp_path}/seen.mrc\n{script}\n"
        )
        path.chmod(0o755)
        return RelionLog(executable=str(path), **fields)

    return made


def writing(text):
    return f"cat > out/micrograph_autopick.star <<'END'\n{text}\nEND"


def test_the_command_is_whole():
    tool = RelionLog(diameter_range=(110, 150), threshold=0.5, upper_threshold=5, lowpass=15, bright=True)
    start = ["relion_autopick", "--i", "micrograph.mrc", "--odir", "out/", "--pickname", "autopick", "--angpix", "1.35"]
    log = ["--LoG", "--LoG_diam_min", "110", "--LoG_diam_max", "150", "--shrink", "0", "--LoG_adjust_threshold", "0.5"]
    assert tool.command(1.35) == [*start, *log, "--LoG_upper_threshold", "5", "--lowpass", "15", "--Log_invert"]
    assert "--Log_invert" not in RelionLog().command(1.35)


def test_keeps_what_relion_found(relion, simulated, micrograph, tmp_path):
    found = relion(writing(FOUND)).pick(micrograph(simulated[0]), tmp_path / "out")
    places, merits = read_coordinates(found.coordinates)
    np.testing.assert_allclose(places, [(33.695654, 736.739177), (632.17397, 397.608715)])
    np.testing.assert_allclose(merits, [0.571884, 0.527504])
    assert (found.count, found.threshold, found.diameter) == (2, 0.527504, 150)
    assert found.program == "RELION 3.1.3"
    assert not [path for path in (tmp_path / "out").iterdir() if path.is_dir()]


def test_relion_sees_the_section_that_is_meant(relion, simulated, empty_ice, micrograph, tmp_path):
    stack = micrograph(np.stack([empty_ice, simulated[0]]), section=1)
    relion(writing(FOUND)).pick(stack, tmp_path / "out")
    np.testing.assert_array_equal(read_image(tmp_path / "seen.mrc"), simulated[0])


def test_the_crash_of_relion_over_no_particles_is_a_result(relion, empty_ice, micrograph, tmp_path):
    found = relion(f"printf '{NONE}'; kill -ABRT $$").pick(micrograph(empty_ice), tmp_path / "out")
    assert found.count == 0
    assert read_coordinates(found.coordinates)[0].shape == (0, 2)


def test_another_failure_says_what_relion_said(relion, simulated, micrograph, tmp_path):
    with pytest.raises(CommandError, match="cannot read"):
        relion("echo cannot read; exit 1").pick(micrograph(simulated[0]), tmp_path / "out")


def test_missing_coordinates_are_an_error(relion, simulated, micrograph, tmp_path):
    with pytest.raises(ResultError, match="wrote no coordinates"):
        relion("true").pick(micrograph(simulated[0]), tmp_path / "out")


def test_an_even_image_is_an_error_before_relion_starts(relion, micrograph, tmp_path):
    with pytest.raises(InputError, match="same value"):
        relion(writing(FOUND)).pick(micrograph(np.ones((768, 768))), tmp_path / "out")
    assert not (tmp_path / "arguments").exists()


def test_a_range_upside_down_is_refused():
    with pytest.raises(ValidationError, match="smallest must come first"):
        RelionLog(diameter_range=(150, 150))
