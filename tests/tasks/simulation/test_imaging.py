import numpy as np
import pytest

from tasks.models import Optics, TiltAlignment
from tasks.numerics.fourier import irfft2, rfft2
from tasks.simulation.grid import Grid
from tasks.simulation.imaging import Lens, defocus_heights, intact, transfer
from tasks.simulation.truth import Defocus

GRID = Grid((128, 128), 4.0, 16)


def blob():
    rows, columns = (np.arange(n) - c for n, c in zip(GRID.padded, GRID.centre, strict=True))
    return np.exp(-(rows[:, None] ** 2 + columns[None, :] ** 2) / (2 * 10**2)).astype(np.float32)


@pytest.mark.parametrize(("defocus", "sign"), [(30_000, -1), (-30_000, 1)])
def test_dense_material_is_dark_in_underfocus_and_bright_in_overfocus(defocus, sign):
    lens = Lens(GRID, Defocus(u=defocus, v=defocus), Optics(amplitude_contrast=0), 0)
    image = irfft2(lens.contrast(rfft2(blob())), GRID.padded)
    assert np.sign(image[GRID.centre]) == sign


def test_the_first_zero_is_where_defocus_and_wavelength_put_it():
    optics = Optics(spherical_aberration=0, amplitude_contrast=0)
    values = transfer(GRID, Defocus(u=30_000, v=30_000), optics, 0)
    squared, _ = GRID.frequencies()
    # 0.0196875 angstrom is the wavelength at 300 kilovolt.
    zero = 1 / (0.0196875 * 30_000)
    assert np.all(values[(squared > 0) & (squared < 0.98 * zero)] < 0)
    assert np.all(values[(squared > 1.02 * zero) & (squared < 1.9 * zero)] > 0)


def test_a_phase_plate_makes_dense_material_dark_in_focus():
    lens = Lens(GRID, Defocus(u=0, v=0, phase_shift=90), Optics(), 0)
    image = irfft2(lens.contrast(rfft2(blob())), GRID.padded)
    # Each radian of phase takes nearly two from the intensity: the cosine of the amplitude contrast's phase is 0.995.
    assert image[GRID.centre] == pytest.approx(-2 * 0.995 * blob()[GRID.centre], rel=0.02)


def test_the_larger_defocus_is_in_the_direction_of_its_angle():
    values = transfer(GRID, Defocus(u=32_000, v=28_000, angle=90), Optics(), 0)
    squared, azimuth = GRID.frequencies()
    ring = np.abs(squared - 1 / (0.0196875 * 30_000)) < 5e-5
    along_y, along_x = np.abs(np.sin(azimuth)) > 0.95, np.abs(np.cos(azimuth)) > 0.95
    assert values[ring & along_y].mean() > 0 > values[ring & along_x].mean()


@pytest.mark.parametrize("handedness", [-1, 1])
def test_the_defocus_rises_across_the_axis_with_the_height_of_the_specimen(handedness):
    alignment = TiltAlignment(name="t", angle=30, axis_angle=90, displacement=(0, 40))
    heights = defocus_heights(GRID, alignment, handedness)
    row, column = GRID.centre
    # With the axis along -x, the direction across it is +y; the specimen's centre is 10 pixels above the image's.
    assert heights[row + 10, column] == pytest.approx(0, abs=1e-2)
    assert heights[row + 60, column] == pytest.approx(-handedness * 50 * 4 * np.tan(np.radians(30)), rel=1e-4)
    assert heights[row + 60, 5] == pytest.approx(heights[row + 60, column], abs=0.01)


def test_thon_rings_of_a_tilted_specimen_follow_the_height():
    alignment = TiltAlignment(name="t", angle=60, axis_angle=0, displacement=(0, 0))
    grid = Grid((384, 384), 5.0, 0)
    noise = rfft2(np.random.default_rng(1).standard_normal(grid.padded, np.float32))
    optics = Optics()
    heights = defocus_heights(grid, alignment, -1)
    image = irfft2(Lens(grid, Defocus(u=40_000, v=40_000), optics, 0, heights).contrast(noise), grid.padded)
    strip = Grid((384, 96), 5.0, 0)
    candidates = np.arange(36_000, 44_001, 100)
    for start in (0, 144, 288):
        found = image[:, start : start + 96]
        power = np.abs(rfft2(found - found.mean())) ** 2
        fits = [
            np.corrcoef(power.ravel(), transfer(strip, Defocus(u=d, v=d), optics, 0).ravel() ** 2)[0, 1]
            for d in candidates
        ]
        expected = 40_000 + (start + 48 - 192) * 5 * np.tan(np.radians(60))
        assert candidates[int(np.argmax(fits))] == pytest.approx(expected, abs=200)


def test_the_critical_dose_leaves_the_root_of_1_over_e():
    squared, _ = GRID.frequencies()
    tenth = np.argmin(np.abs(squared - 0.01))
    critical = 0.245 * squared.ravel()[tenth] ** (-1.665 / 2) + 2.81
    assert intact(GRID, critical, 300).ravel()[tenth] == pytest.approx(np.exp(-0.5), rel=1e-3)
