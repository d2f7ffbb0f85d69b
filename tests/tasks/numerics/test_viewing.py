import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import i0

from tasks.errors import InputError
from tasks.numerics.sphere import angles_of, sphere
from tasks.numerics.viewing import counted, efficiency, occurrence

DIAMETER = 150.0


def random_directions(count, seed=11):
    directions = np.random.default_rng(seed).normal(size=(count, 3))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def views_of(directions):
    return counted(*angles_of(directions))


def cone(degree, count=20_000):
    """Return directions that lie within so many degree of the z axis."""
    directions = random_directions(count)
    return directions[directions[:, 2] > np.cos(np.radians(degree))]


def test_all_particles_are_counted():
    assert views_of(random_directions(1000)).sum() == 1000


def test_random_directions_occur_evenly():
    often = occurrence(views_of(random_directions(200_000)))
    assert often == pytest.approx(1, abs=0.15)


def test_directions_near_z_occur_there_only():
    often = occurrence(views_of(cone(20)))
    z = sphere().directions[:, 2]
    assert often[z > np.cos(np.radians(10))].min() > 10
    assert often[z < np.cos(np.radians(50))].max() < 0.01


def test_even_views_are_efficient():
    assert efficiency(views_of(random_directions(100_000)), "C1", DIAMETER) > 0.98


def test_views_from_the_side_are_as_efficient_as_theory_says():
    """Seen from all sides of the z axis, a point is a Gaussian along it, and widened by a Bessel function across."""
    turns = np.linspace(0, 360, 7200, endpoint=False)
    views = counted(turns, np.full(len(turns), 90.0))
    cosine = np.linspace(0, 1, 401)

    def squared_width(sine2):
        # Along a direction, sin^2 of the angle to a view is 1 - sine2 cos^2(phi) on average over phi.
        def excess(t):
            return np.exp(-t * (1 - sine2 / 2)) * i0(t * sine2 / 2) - 0.5

        return brentq(excess, 0.1, 10)

    widths = np.sqrt([squared_width(1 - value**2) for value in cosine])
    expected = 1 - 2 * widths.std() / widths.mean()
    assert efficiency(views, "C1", DIAMETER) == pytest.approx(expected, abs=0.02)
    assert 0.7 < expected < 0.9


def test_the_narrower_the_views_the_less_efficient_they_are():
    found = [efficiency(views_of(cone(degree)), "C1", DIAMETER) for degree in (180, 70, 50, 30)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.95
    assert found[-1] < 0.4


def test_symmetric_copies_fill_what_is_missing():
    top = views_of(cone(30))
    assert efficiency(top, "C4", DIAMETER) == pytest.approx(efficiency(top, "C1", DIAMETER), abs=0.05)
    assert efficiency(top, "O", DIAMETER) > efficiency(top, "C1", DIAMETER) + 0.3
    assert efficiency(views_of(random_directions(100_000)), "D7", DIAMETER) > 0.95


def test_one_side_of_z_is_made_even_by_a_rotation_about_it():
    turns = np.random.default_rng(6).uniform(0, 90, 5000)
    views = counted(turns, np.full(5000, 90.0))
    all_round = counted(4 * turns, np.full(5000, 90.0))
    assert efficiency(views, "C4", DIAMETER) == pytest.approx(efficiency(all_round, "C1", DIAMETER), abs=0.03)
    assert efficiency(views, "C1", DIAMETER) < efficiency(views, "C4", DIAMETER) - 0.1


def test_what_is_no_point_group_is_refused():
    with pytest.raises(InputError, match="point group"):
        efficiency(views_of(random_directions(10)), "helical", DIAMETER)


def test_no_particles_are_refused():
    with pytest.raises(InputError, match="none"):
        efficiency(np.zeros(sphere().size), "C1", DIAMETER)
