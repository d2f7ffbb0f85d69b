import numpy as np
import pytest

from tasks.consensus import estimate_hand


@pytest.mark.parametrize("hand", [-1, 1])
def test_most_images_decide(hand):
    slopes = hand * np.array([1.0, 0.9, 1.3, 1.1, 0.8, 1.2, 1.0, 0.7, 1.0, 1.4, -0.9, 0.1])
    found = estimate_hand(list(slopes), 3, assumed=-1)
    assert found.value == f"{hand:+d}"
    assert 0.98 < found.confidence < 1
    assert found.agrees is (hand == -1)
    assert "1 more do not tell" in found.evidence


def test_images_without_a_gradient_tell_nothing():
    found = estimate_hand([0.1, -0.2, 0.0, 0.3, -0.1], 2)
    assert (found.value, found.confidence) == (None, 0)


def test_images_that_know_nothing_are_not_believed():
    # Of twenty sessions of guesses not one may tell a hand, at a chance of one in a hundred each.
    random = np.random.default_rng(832)
    told = [estimate_hand(list(random.choice([-1.0, 1.0], 12)), 3).value for _ in range(20)]
    assert told.count(None) >= 19
