import numpy as np
import pytest

from tasks.simulation import Drift


def paths(tilt, count=40, axis_angle=85.0, drift=None):
    random = np.random.default_rng(7)
    return np.array([(drift or Drift()).path(8, 0.375, tilt, axis_angle, random) for _ in range(count)])


def test_displacements_start_at_zero():
    assert np.all(paths(30)[:, 0] == 0)


def test_a_tilted_specimen_moves_across_the_axis_and_the_other_way_when_tilted_the_other_way():
    across = np.array([np.cos(np.radians(85)), np.sin(np.radians(85))])
    up, down = paths(50)[:, -1], paths(-50)[:, -1]
    assert np.median(up @ across) > 1
    assert np.median(down @ across) < -1
    along = np.array([-across[1], across[0]])
    assert np.abs(up @ along).mean() < 0.3 * np.abs(up @ across).mean()


def test_path_lengths_are_those_of_the_measured_movies():
    # Medians of the measured movies below 15 and above 45 degree: 1.55 and 4.64 angstrom in 8 frames.
    lengths = {
        tilt: np.median(np.linalg.norm(np.diff(paths(tilt, 200), axis=1), axis=2).sum(axis=1)) for tilt in (7, 52)
    }
    assert lengths[7] == pytest.approx(1.55, rel=0.2)
    assert lengths[52] == pytest.approx(4.64, rel=0.2)


def test_the_specimen_slows_down():
    steps = np.linalg.norm(np.diff(paths(50), axis=1), axis=2).mean(axis=0)
    assert steps[0] > 2 * steps[-1]


def test_local_motion_has_the_stated_size_and_no_mean():
    drift = Drift(local=4.0)
    v, u = np.meshgrid(np.linspace(-0.5, 0.5, 101), np.linspace(-0.5, 0.5, 101), indexing="ij")
    sizes = []
    for seed in range(20):
        field = drift.field(10, 1.0, np.random.default_rng(seed))
        x, y = field.displacement(9, u, v)
        assert abs(x.mean()) < 0.1
        assert field.displacement(0, 0.3, -0.2) == (0, 0)
        sizes.append(np.mean(x**2 + y**2))
    assert np.sqrt(np.mean(sizes)) == pytest.approx(4, rel=0.1)


def test_there_is_no_local_motion_unless_asked_for():
    assert Drift().field(10, 1.0, np.random.default_rng(1)) is None
