import numpy as np
import pytest

from tasks.consensus import estimate_axis


@pytest.mark.parametrize("truth", [84.2, 179.9])
def test_the_axis_is_found_although_a_series_was_aligned_badly(truth):
    random = np.random.default_rng(831)
    angles = [*(truth + random.normal(0, 0.3, 4)), truth + 5]
    found = estimate_axis(angles)
    assert abs((found.value - truth + 180) % 360 - 180) < 0.5
    assert found.confidence > 0.99
    assert found.items == 5
    assert 1.0 <= found.tolerance < 5


def test_series_that_disagree_tell_nothing():
    found = estimate_axis([10.0, 50.0, 84.0])
    assert (found.value, found.confidence) == (None, 0)
    assert "not one microscope" in found.evidence


def test_the_nominal_axis_is_compared():
    assert estimate_axis([84.0, 84.3, 84.1], 85.0).agrees is True
    assert estimate_axis([84.0, 84.3, 84.1], -95.0).agrees is False
    assert estimate_axis([84.0, 84.3, 84.1]).agrees is None
