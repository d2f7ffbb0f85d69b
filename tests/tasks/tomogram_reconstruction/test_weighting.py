import numpy as np
import pytest

from tasks.tomogram_reconstruction.weighting import weights

ANGLES = np.arange(-60, 61, 3.0)
FREQUENCIES = np.linspace(0, 0.5, 101)


def test_exact_weights_are_the_ramp_where_slabs_overlap_evenly_and_level_off_where_they_do_not():
    exact = weights(ANGLES, FREQUENCIES, 60, "exact")[20]
    ramp = weights(ANGLES, FREQUENCIES, 60, "ramp")[20]
    between = (FREQUENCIES > 0.03) & (FREQUENCIES < 0.2)
    np.testing.assert_allclose(exact[between], ramp[between], rtol=0.15)
    np.testing.assert_allclose(exact[(FREQUENCIES > 0.35) & (FREQUENCIES < 0.45)], 1 / 60, rtol=1e-5)


def test_a_tilt_that_was_taken_twice_counts_half():
    twice = weights(np.array([-40.0, 0.0, 0.0, 40.0]), FREQUENCIES, 60, "exact")
    np.testing.assert_allclose(twice[1][50:80], 1 / 120, rtol=1e-5)


@pytest.mark.parametrize("weighting", ["exact", "ramp"])
def test_nothing_is_left_at_half_a_cycle_per_voxel(weighting):
    assert abs(weights(ANGLES, FREQUENCIES, 60, weighting)[:, -1]).max() < 1e-6


def test_more_iterations_come_nearer_to_the_exact_weights():
    exact = weights(ANGLES, FREQUENCIES, 60, "exact")
    gaps = [np.abs(exact - weights(ANGLES, FREQUENCIES, 60, "exact", count)).max() for count in (1, 10, 100, 1000)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.01 * exact.max()


def test_few_iterations_suppress_high_frequencies():
    found = weights(ANGLES, FREQUENCIES, 60, "exact", 10) / weights(ANGLES, FREQUENCIES, 60, "exact").clip(1e-9)
    assert found[20, 0] > 0.9
    assert found[20, 80] < 0.3
