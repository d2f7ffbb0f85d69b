import numpy as np

from tasks.motion_correction.trajectory import Trajectory, still


def test_finds_the_steepest_place():
    trajectory = still(4)
    trajectory.locally[:, 1, 0] = 2.0 * np.arange(4)
    assert np.isclose(trajectory.steepest(), 2.0 * 3 * 0.1)
    assert np.isclose(trajectory.largest_local(), 2.0 * 3 * 0.5)


def test_adds_local_to_global_displacements():
    locally = np.random.default_rng(1).standard_normal((3, 2, 5))
    trajectory = Trajectory(np.arange(6.0).reshape(3, 2), locally)
    terms = np.array([0.3, 0.09, -0.2, 0.04, -0.06])
    np.testing.assert_allclose(trajectory.at(0.3, -0.2), trajectory.globally + locally @ terms)
    np.testing.assert_allclose(trajectory.from_first().at(0.3, -0.2)[0], 0)
