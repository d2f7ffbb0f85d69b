import numpy as np
import pytest

from tasks.consensus import count, estimate_dose, unsteady


def movie(seed, mean, *, frames=4, scale=1.0):
    """Frames of electrons behind a specimen, with a gain and a hot pixel."""
    random = np.random.default_rng(seed)
    rate = mean * (1 + 0.2 * np.sin(np.arange(128) / 9)) * (1 + 0.04 * random.standard_normal((128, 128)))
    stack = [scale * random.poisson(rate) for _ in range(frames)]
    for frame in stack:
        frame[3, 4] = 5000
    return stack


def test_electrons_that_are_counted_are_compared_with_the_dose():
    counted = [count(movie(seed, 1.2)) for seed in (851, 852, 853)]
    assert all(one.counts for one in counted)
    found = estimate_dose(counted, 1.1, 1.0)
    assert found.value == pytest.approx(1.2 / 1.1**2, rel=0.03)
    assert found.agrees is True
    assert found.confidence == 0.75
    # The dose of a whole movie in place of that of a frame, and that of a pixel of half the size.
    assert estimate_dose(counted, 1.1, 40.0).agrees is False
    assert estimate_dose(counted, 0.55, 1.0).agrees is False


def test_a_camera_that_does_not_count_is_said_not_to():
    found = estimate_dose([count(movie(854, 5.0, scale=20.0))], 1.1, 1.0)
    assert (found.value, found.agrees, found.confidence) == (None, None, 0)
    assert "do not count electrons" in found.evidence


def test_a_single_frame_does_not_tell_whether_it_counts():
    assert not count(movie(855, 1.0, frames=1)).counts


def test_a_tilt_of_another_dose_stands_out_of_its_series():
    angles = np.arange(-60, 61, 6.0)
    intensities = 3 * np.exp(-0.6 / np.cos(np.radians(angles))) * np.random.default_rng(856).normal(1, 0.02, 21)
    assert unsteady(list(intensities), list(angles)) == {}
    intensities[4] *= 2
    intensities[15] *= 0.3
    odd = unsteady(list(intensities), list(angles))
    assert set(odd) == {4, 15}
    assert odd[4] == pytest.approx(2, rel=0.1)
