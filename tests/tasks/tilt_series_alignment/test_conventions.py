import math

import numpy as np
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


def seen_here(tilt: TiltAlignment, point: np.ndarray) -> np.ndarray:
    """Return where a point of the specimen is seen, as the model of an alignment says it."""
    x, y, z = point
    angle, axis = math.radians(tilt.angle), math.radians(tilt.axis_angle)
    across = x * math.cos(angle) + z * math.sin(angle)
    turned = across * math.cos(axis) - y * math.sin(axis), across * math.sin(axis) + y * math.cos(axis)
    return np.array(turned) + tilt.displacement


def seen_by_aretomo(tilt: TiltAlignment, point: np.ndarray, pixel_size: float) -> np.ndarray:
    """Return the same by the formulae in AreTomo2's GBackProj (x' = x cos + row sin) and GCorrPatchShift."""
    row = to_aretomo(tilt, 0, pixel_size)
    angle, rotation = math.radians(row.tilt), math.radians(row.rotation)
    x, y, z = point / pixel_size
    aligned_x, aligned_y = x * math.cos(angle) + z * math.sin(angle), y
    raw_x = aligned_x * math.cos(rotation) - aligned_y * math.sin(rotation) + row.shift[0]
    raw_y = aligned_x * math.sin(rotation) + aligned_y * math.cos(rotation) + row.shift[1]
    return np.array([raw_x, raw_y]) * pixel_size


def seen_by_imod(tilt: TiltAlignment, point: np.ndarray, pixel_size: float, shape: tuple[int, int]) -> np.ndarray:
    """Return the same by tilt's x' = x cos - row sin, where rows fall with z, and by undoing the transform."""
    transform = to_imod(tilt, pixel_size, shape)
    angle = math.radians(tilt.angle)
    x, y, row = point[0] / pixel_size, point[1] / pixel_size, -point[2] / pixel_size
    aligned = np.array([x * math.cos(angle) - row * math.sin(angle), y])
    linear = np.array([[transform.a11, transform.a12], [transform.a21, transform.a22]])
    raw = np.linalg.solve(linear, aligned - [transform.dx, transform.dy])
    # From the middle of the image to pixel n // 2, which is half a pixel higher where n is even.
    return (raw - [0.5 * (shape[1] % 2 == 0), 0.5 * (shape[0] % 2 == 0)]) * pixel_size


@pytest.mark.parametrize("shape", [(144, 160), (145, 161)])
def test_programs_see_a_point_where_the_simulator_shows_it(without_beads, shape):
    random = np.random.default_rng(11)
    for tilt in (one.alignment for one in without_beads.truth.tilts):
        point = random.uniform(-600, 600, size=3)
        here = seen_here(tilt, point)
        assert seen_by_aretomo(tilt, point, 10.0) == pytest.approx(here, abs=1e-6)
        assert seen_by_imod(tilt, point, 10.0, shape) == pytest.approx(here, abs=1e-6)
