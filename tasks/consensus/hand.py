"""The hand: whether the defocus grows or falls with the height of a point of the specimen."""

import math
from collections.abc import Sequence

from tasks.models import Estimate

_TELLING = (0.5, 1.6)
"""Slopes, of the defocus across the tilt axis, that tell a hand: 1 is what the tilt makes."""
_SURE = 0.98


def estimate_hand(slopes: Sequence[float], series: int, assumed: int | None = None) -> Estimate:
    """Let tilted images vote on the hand by their defocus gradients, in units of what handedness +1 makes.

    The confidence is one minus the probability that images which know nothing would agree as much (a sign test).
    ``assumed``: the hand that the parameters say.
    """
    telling = [slope for slope in slopes if _TELLING[0] <= abs(slope) <= _TELLING[1]]
    plus = sum(slope > 0 for slope in telling)
    votes = max(plus, len(telling) - plus)
    chance = min(1.0, 2 * sum(math.comb(len(telling), k) for k in range(votes, len(telling) + 1)) / 2 ** len(telling))
    hand = (1 if 2 * plus > len(telling) else -1) if 1 - chance >= _SURE else None
    said = f"{plus} of {len(telling)} tilted images say +1, the others -1"
    silent = len(slopes) - len(telling)
    return Estimate(
        name="handedness",
        value=None if hand is None else f"{hand:+d}",
        confidence=1 - chance,
        items=series,
        evidence=f"defocus gradient across the tilt axis: {said}; {silent} more do not tell",
        expected=None if assumed is None else f"{assumed:+d}",
        agrees=None if hand is None or assumed is None else hand == assumed,
    )
