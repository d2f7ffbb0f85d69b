import math
from pathlib import Path

import numpy as np
import pytest
from stand_ins.installing import calls, install

from tasks.ctf_estimation import Ctffind4, Ctffind5
from tasks.ctf_estimation.ctffind_files import read_values, tilt_of
from tasks.ctf_estimation.tiles import defocus_offset
from tasks.errors import CommandError
from tasks.models import Optics
from tasks.simulation import SimulatedTiltSeries, simulate_tilt_images

DATA = Path(__file__).parents[2] / "data" / "ctffind"


def answers_of(tool):
    return tool.answers(Path("in.mrc"), Path("out.mrc"), 1.35, Optics(amplitude_contrast=0.07))


def test_answers_the_questions_in_order():
    assert answers_of(Ctffind5()) == [
        *(Path("in.mrc"), Path("out.mrc"), 1.35, 300.0, 2.7, 0.07, 512, 30.0, 5.0, 5000.0, 50000.0, 100.0),
        *("no", "no", "no", "no", "no", "no", "no"),
    ]


def test_answers_more_where_tilt_and_thickness_are_to_be_found():
    answers = answers_of(
        Ctffind5(find_tilt=True, find_thickness=True, thickness_refinement=False, downweight_nodes=True)
    )
    assert answers[15:] == ["no", "yes", "yes", "yes", "no", 30.0, 3.0, "no", "yes", "no"]


def test_is_not_asked_for_the_tilt_while_it_searches_a_phase_shift():
    answers = answers_of(Ctffind5(phase_shift_range=(0, 180)))
    assert answers[15:] == ["yes", 0.0, math.pi, math.radians(10), "no", "no"]
    with pytest.raises(ValueError, match="find_tilt"):
        Ctffind5(phase_shift_range=(0, 180), find_tilt=True)


def test_reads_tilt_and_thickness_of_a_real_fit():
    values = read_values(DATA / "ctffind5_fit.txt")
    assert values.version == "5.0.2"
    assert (values.defocus_1, values.azimuth, values.resolution) == (8984.742188, 45.948771, 3.72)
    assert values.thickness == 1619.773438
    assert (values.tilt.axis_angle, values.tilt.angle) == pytest.approx((48.087708, -12.251187))


@pytest.mark.parametrize(("axis", "angle"), [(221.9, 12.25), (30, 40), (100, 25), (350, -15)])
def test_a_tilt_means_the_same_slope_of_the_defocus(axis, angle):
    x, y = np.random.default_rng(71).uniform(-2000, 2000, (2, 50))
    turn = math.radians(axis)
    # The program's own formula.
    theirs = math.tan(math.radians(angle)) * (x * math.sin(turn) + y * math.cos(turn))
    np.testing.assert_allclose(defocus_offset(x, y, tilt_of(axis, angle), -1), theirs, atol=1e-6)


def test_finds_what_is_true(rings, save, tmp_path):
    image = rings(512, 1.5, (16000, 15000), 20, seed=72, strength=1.0)
    program = install("ctffind5", tmp_path / "bin")
    ctf = Ctffind5(executable=str(program), find_thickness=True).estimate(save(image), Optics(), tmp_path)
    assert (ctf.defocus_u, ctf.defocus_v) == pytest.approx((16000, 15000), abs=80)
    assert ctf.defocus_angle == pytest.approx(20, abs=4)
    assert (ctf.tilt, ctf.thickness) == (None, 900.0)
    assert ctf.program == "CTFFIND 5.0.2"
    typed = " ".join(calls(program)[0][2:])
    assert typed == "1.5 300 2.7 0.1 512 30 5 5000 50000 100 no no no no no yes yes yes 30 3 no no no"


def test_finds_the_tilt(save, tmp_path):
    parameters = SimulatedTiltSeries(
        seed=3100,
        shape=(1024, 1024),
        pixel_size=2.0,
        largest_tilt=45,
        tilt_step=45,
        dose=40,
        thickness=300,
        defocus=20_000,
    )
    images, truth = simulate_tilt_images(parameters)
    program = install("ctffind5", tmp_path / "bin")
    ctf = Ctffind5(executable=str(program), find_tilt=True).estimate(save(images[2], 2.0), Optics(), tmp_path)
    true = truth.tilts[2].alignment
    # The stand-in knows two axes, of which that near the true one is written in the program's terms and read back.
    assert abs((ctf.tilt.axis_angle - true.axis_angle + 90) % 180 - 90) < 10
    slope = [defocus_offset(np.array([1000.0, 0]), np.array([0, 1000.0]), tilt, -1) for tilt in (ctf.tilt, true)]
    np.testing.assert_allclose(*slope, atol=150)


def test_fails_where_the_program_wants_another_answer(save, rings, tmp_path):
    program = str(install("ctffind5", tmp_path / "bin"))
    older = Ctffind4(executable=program)
    with pytest.raises(CommandError, match="is no answer to 'Do you want to set expert options"):
        older.estimate(save(rings(128, 1.5, (16000, 15000), 20, seed=73)), Optics(), tmp_path)
    assert older.version() == Ctffind5(executable=program).version() == "CTFFIND 5.0.2"
