import numpy as np
import pytest

from tasks.numerics.peak_heights import CERTAIN, LOWEST, divide


def heights(*groups, seed=1):
    random = np.random.default_rng(seed)
    return np.abs(np.concatenate([random.normal(mean, deviation, count) for count, mean, deviation in groups]))


def test_divides_noise_from_particles():
    assert 3.7 < divide(heights((300, 2.3, 0.6), (100, 10, 2))) < 6


def test_divides_groups_that_touch():
    assert 3.5 < divide(heights((300, 2.2, 0.6), (130, 6, 1.2))) < 4.6


def test_noise_has_no_particles():
    noise = heights((300, 2.3, 0.6))
    assert divide(noise) == CERTAIN > noise.max()


def test_two_high_peaks_of_noise_are_no_reason_to_take_lower_ones():
    assert divide(np.append(heights((300, 2.3, 0.6)), [5.2, 5.4])) == CERTAIN


def test_few_particles_among_much_noise_do_not_make_half_of_the_noise_particles():
    assert divide(heights((300, 2.3, 0.6), (5, 9, 0.5))) == pytest.approx(CERTAIN, abs=1.5)


def test_the_division_is_never_within_common_noise():
    assert divide(heights((20, 0.8, 0.2), (100, 12, 2))) >= LOWEST


def test_no_peaks_have_a_division_too():
    assert divide(np.empty(0)) == CERTAIN
