import numpy as np
import pytest

from tasks.numerics.optics import interaction
from tasks.simulation.grid import Grid
from tasks.simulation.ice import Ice

GRID = Grid((256, 256), 1.2, 0)


def likeness(first, second, low, high):
    squared, _ = GRID.frequencies()
    ring = (squared > low**2) & (squared < high**2)
    return np.vdot(first[ring], second[ring]).real / np.linalg.norm(first[ring]) / np.linalg.norm(second[ring])


def test_an_electron_gets_the_known_phase():
    # 6.526e-4 radian per volt and angstrom at 300 kilovolt (Kirkland, Advanced computing in electron microscopy).
    assert interaction(300) == pytest.approx(6.526e-4, rel=1e-3)
    assert interaction(200) == pytest.approx(7.288e-4, rel=1e-3)


def test_fine_structure_is_forgotten_before_coarse_structure():
    ice = Ice(GRID, 300, 300, np.random.default_rng(1))
    before = ice.phase(1e-3)
    ice.irradiate(2)
    after = ice.phase(1e-3)
    assert likeness(before, after, 0.01, 0.05) > 0.97
    # exp(-2 pi2 k2 / 3 * 2 electrons) at 1 / 4 angstrom is 0.44.
    assert likeness(before, after, 0.24, 0.26) == pytest.approx(0.44, abs=0.06)


def test_the_power_is_proportional_to_the_thickness_and_stays():
    thin, thick = (Ice(GRID, t, 300, np.random.default_rng(2)) for t in (200, 800))
    assert np.allclose(2 * thin.phase(1), thick.phase(1), rtol=1e-4)
    before = np.abs(thin.phase(1e-3)).std()
    thin.irradiate(50)
    assert np.abs(thin.phase(1e-3)).std() == pytest.approx(before, rel=0.03)


def test_the_ring_of_amorphous_ice_stands_out():
    power = np.abs(Ice(GRID, 300, 300, np.random.default_rng(3)).phase(1e-3)) ** 2
    frequency = np.sqrt(GRID.frequencies()[0])
    ring, below = (power[np.abs(frequency - f) < 0.01].mean() for f in (1 / 3.7, 1 / 6))
    assert ring > 5 * below
