import numpy as np
import pytest

from tasks.tilt_series_alignment.geometry import Geometry
from tasks.tilt_series_alignment.specimen import level


def patches(slope: float, height: float, noise: float) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.meshgrid(np.arange(-96, 97, 24), np.arange(-96, 97, 24), indexing="ij")
    centres = np.stack([x.ravel(), y.ravel()], axis=1).astype(float)
    random = np.random.default_rng(8)
    return centres, slope * centres[:, 0] + height + random.normal(0, noise, len(centres))


def test_lays_a_tilted_specimen_flat():
    geometry = Geometry(np.array([-40.0, 0.0, 40.0]), 85.0, np.zeros((3, 2)))
    flat = level(geometry, *patches(np.tan(np.radians(4)), 0.0, 2.0))
    assert flat.angles - geometry.angles == pytest.approx(np.full(3, -4.0), abs=0.6)


def test_leaves_the_angles_where_nothing_is_clear():
    geometry = Geometry(np.array([-40.0, 0.0, 40.0]), 85.0, np.zeros((3, 2)))
    assert level(geometry, *patches(0.005, 0.0, 30.0)).angles == pytest.approx(geometry.angles)


def test_sees_the_middle_of_the_specimen_at_the_same_place_afterwards():
    geometry = Geometry(np.array([-40.0, 0.0, 40.0]), 0.0, np.zeros((3, 2)))
    flat = level(geometry, *patches(0.0, 10.0, 0.0))
    assert flat.displacements[:, 0] == pytest.approx(10 * np.sin(np.radians(geometry.angles)))
    assert flat.displacements[:, 1] == pytest.approx(0)
