import numpy as np
import pytest

from tasks.numerics.sphere import angles_of, sphere


def test_the_cells_cover_the_sphere_evenly():
    cells = sphere()
    assert cells.areas.sum() == pytest.approx(1)
    assert cells.areas.max() < 1.3 * cells.areas.min()
    assert np.linalg.norm(cells.directions, axis=1) == pytest.approx(1)
    assert np.abs(cells.directions.T @ cells.areas).max() < 1e-3


def test_the_middle_of_each_cell_is_in_it():
    cells = sphere()
    azimuth, inclination = angles_of(cells.directions)
    assert (cells.cells_of(azimuth, inclination) == np.arange(cells.size)).all()
    assert (cells.cells_of(azimuth + 360, inclination - 360) == np.arange(cells.size)).all()


def test_random_directions_are_nearest_to_their_cell():
    directions = np.random.default_rng(4).normal(size=(500, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    cells = sphere()
    mine = cells.directions[cells.cells_of(*angles_of(directions))]
    assert np.degrees(np.arccos((mine * directions).sum(axis=1))).max() < 4


def test_a_negative_inclination_is_on_the_other_side():
    cells = sphere()
    azimuth, inclination = np.array([20.0, 20.0, 200.0]), np.array([-50.0, 310.0, 50.0])
    assert len(set(cells.cells_of(azimuth, inclination).tolist())) == 1


def test_both_poles_are_covered():
    cells = sphere()
    ends = cells.cells_of(np.array([0.0, -180.0]), np.array([0.0, 180.0]))
    assert cells.directions[ends, 2] == pytest.approx([1, -1], abs=2e-3)
