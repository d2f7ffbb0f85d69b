import math

import pytest

from tasks.formats.aln import AlnSection
from tasks.formats.xf import Transform
from tasks.models import TiltAlignment
from tasks.tilt_series_alignment.conventions import from_aretomo, from_imod, to_aretomo, to_imod, to_relion

TILT = TiltAlignment(name="a", angle=12, axis_angle=85.3, displacement=(30.0, -12.5))


def test_imod_turns_the_axis_upright_as_in_a_real_file():
    # The first line of TS_03.xf of EMPIAR-10164, whose tilt axis is at 85 degrees.
    real = Transform(a11=0.0856836, a12=0.9963228, a21=-0.9963228, a22=0.0856836, dx=116.328, dy=-191.695)
    tilt = from_imod(real, "TS_03_-57", -57, 1.35, (3838, 3710))
    assert tilt.axis_angle == pytest.approx(85.085, abs=0.001)
    assert to_imod(tilt, 1.35, (3838, 3710)).model_dump() == pytest.approx(real.model_dump(), abs=1e-3)


def test_imod_brings_the_middle_of_the_specimen_to_its_own_centre():
    shape, pixel_size = (100, 121), 2.0
    transform = to_imod(TILT, pixel_size, shape)
    # From the centre of IMOD: pixel n // 2 is half a pixel right of it where n is even.
    x = TILT.displacement[0] / pixel_size
    y = TILT.displacement[1] / pixel_size + 0.5
    assert transform.a11 * x + transform.a12 * y + transform.dx == pytest.approx(0, abs=1e-9)
    assert transform.a21 * x + transform.a22 * y + transform.dy == pytest.approx(0, abs=1e-9)


def test_imod_brings_the_tilt_axis_to_the_y_axis():
    transform = to_imod(TILT.model_copy(update={"displacement": (0.0, 0.0)}), 1.0, (101, 101))
    axis = math.radians(TILT.axis_angle + 90)
    x = transform.a11 * math.cos(axis) + transform.a12 * math.sin(axis)
    y = transform.a21 * math.cos(axis) + transform.a22 * math.sin(axis)
    assert (x, y) == pytest.approx((0, 1))


@pytest.mark.parametrize("shape", [(100, 100), (101, 64), (33, 35)])
def test_imod_and_back(shape):
    back = from_imod(to_imod(TILT, 1.7, shape), "a", 12, 1.7, shape)
    assert back.displacement == pytest.approx(TILT.displacement)
    assert back.axis_angle == pytest.approx(TILT.axis_angle)


def test_aretomo_and_back():
    row = to_aretomo(TILT, 4, 2.5)
    assert row == AlnSection(section=4, rotation=85.3, shift=(12.0, -5.0), tilt=12)
    assert from_aretomo(row, "a", 2.5) == TILT


def test_relion_takes_the_displacement_in_angstrom():
    assert to_relion(TILT) == {
        "rlnTomoXTilt": 0.0,
        "rlnTomoYTilt": 12,
        "rlnTomoZRot": 85.3,
        "rlnTomoXShiftAngst": 30.0,
        "rlnTomoYShiftAngst": -12.5,
    }
