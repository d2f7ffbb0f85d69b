"""Tell the peaks of particles from those of noise by their heights."""

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

LOWEST = 3.3
"""Standard deviations of the noise; hardly a peak of noise among a thousand places is higher."""
CERTAIN = 5.0
"""Standard deviations of the noise that no peak of noise reaches."""
_ROUNDS = 60


def divide(heights: Numbers) -> float:
    """Return the height that divides peaks into noise and particles; all noise is below the division too."""
    if len(heights) < 8 or heights.max() < CERTAIN:
        return CERTAIN
    low, high = _two_groups(heights)
    return max(_crossing(low, high), LOWEST)


def _two_groups(heights: Numbers) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Fit two normal distributions: weight, mean and standard deviation of the lower and the higher one."""
    middle = (np.percentile(heights, 5) + np.percentile(heights, 98)) / 2
    member = (heights > middle).astype(np.float64)
    groups = _described(heights, member)
    for _ in range(_ROUNDS):
        below, above = (_density(heights, *group) for group in groups)
        member = above / np.maximum(below + above, 1e-300)
        # The tail of a wide group must not take what lies beyond the other.
        member[heights < groups[0][1]] = 0
        member[heights > groups[1][1]] = 1
        groups = _described(heights, member)
    return groups


def _described(heights: Numbers, member: Numbers) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    return _describe(heights, 1 - member), _describe(heights, member)


def _describe(heights: Numbers, weights: Numbers) -> tuple[float, float, float]:
    total = max(float(weights.sum()), 1e-6)
    mean = float(weights @ heights) / total
    deviation = float(weights @ np.square(heights - mean) / total) ** 0.5
    return total, mean, max(deviation, 0.3)


def _density(heights: Numbers, weight: float, mean: float, deviation: float) -> Numbers:
    density: Numbers = weight / deviation * np.exp(-0.5 * np.square((heights - mean) / deviation))
    return density


def _crossing(low: tuple[float, float, float], high: tuple[float, float, float]) -> float:
    """Return the height between the means of two groups at which both are equally likely."""
    grid = np.linspace(low[1], high[1], 400)
    above = _density(grid, *high) > _density(grid, *low)
    return float(grid[int(np.argmax(above))]) if above.any() else float(grid[-1])
