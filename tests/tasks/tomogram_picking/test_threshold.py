import numpy as np
import pytest

from tasks.tomogram_picking.threshold import LOWEST, part


def heights(others, particles=0, *, middle=8.0, deviation=1.0, seed=1):
    random = np.random.default_rng(seed)
    group = random.normal(middle, deviation, particles)
    return np.concatenate([LOWEST + random.exponential(0.9, others), group])


@pytest.mark.parametrize("particles", [40, 150])
def test_parts_a_group_from_what_falls_off(particles):
    assert 5 < part(heights(120, particles)) < 6.8


def test_a_few_particles_among_many_other_things_are_a_group():
    assert 8 < part(heights(300, 14, middle=11, deviation=0.6, seed=2)) < 10.4


@pytest.mark.parametrize("seed", range(4))
def test_without_particles_hardly_anything_reaches_the_threshold(seed):
    found = heights(300, seed=10 + seed)
    assert np.count_nonzero(found >= part(found)) <= 1


def test_peaks_of_noise_alone_are_no_group():
    noise = np.random.default_rng(30).normal(2.6, 0.5, 8000)
    assert np.count_nonzero(noise >= part(noise)) == 0


def test_a_single_particle_stands_out():
    found = np.append(heights(200, seed=20), 14.0)
    assert found[found >= part(found)].tolist() == [14.0]


def test_no_peaks_have_a_threshold_too():
    assert part(np.empty(0)) == LOWEST
    assert part(np.array([1.0, 2.5])) == LOWEST
