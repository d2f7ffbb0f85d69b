"""Tell particles from all else that is dense in a cell by the heights of their peaks.

There are far more other things (membranes, filaments, small proteins, noise) than in a micrograph of purified
particles, and ever fewer the higher: their heights fall off like an exponential; particles stand above it as a group.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

LOWEST = 3.0
"""Standard deviations of the noise; peaks below it do not count."""
_CERTAIN = 5.0
"""Standard deviations of the noise that peaks of noise hardly reach."""
_FEWEST = 5
"""Peaks that make a group."""
_GAIN = 8.0
"""How much likelier (as a logarithm) a group must make the heights; three more numbers explain some by chance."""
_APART = 2.0
"""How far the middle of the group must lie above the lowest peaks, in deviations of the group."""
_BY_CHANCE = 0.3
"""Number of other things that may reach the threshold where there is no group."""
_ROUNDS = 60


@dataclass(frozen=True)
class _Mixture:
    """An exponential from the lowest height upwards, and a normal group above."""

    scale: float
    share: float
    """Of the group."""
    middle: float
    deviation: float

    def parts(self, heights: Numbers) -> tuple[Numbers, Numbers]:
        """Return the densities of the exponential and of the group."""
        other = (1 - self.share) / self.scale * np.exp(-(heights - LOWEST) / self.scale)
        normal = np.exp(-0.5 * np.square((heights - self.middle) / self.deviation)) / math.sqrt(2 * math.pi)
        return other, self.share / self.deviation * normal

    def refined(self, heights: Numbers) -> "_Mixture":
        """Return the mixture that fits the heights better, given who is likely of the group."""
        other, group = self.parts(heights)
        likely = group / (other + group)
        weight = max(float(likely.sum()), 1e-6)
        middle = float(likely @ heights) / weight
        spread = math.sqrt(float(likely @ np.square(heights - middle)) / weight)
        scale = float((1 - likely) @ (heights - LOWEST)) / max(float((1 - likely).sum()), 1e-6)
        return _Mixture(max(scale, 0.1), weight / len(heights), middle, max(spread, 0.3))

    def likelihood(self, heights: Numbers) -> float:
        """Return the logarithm of the likelihood."""
        return float(np.log(np.sum(self.parts(heights), axis=0)).sum())


def part(heights: Numbers) -> float:
    """Return the height that parts particles from all else; where there is no group of them, what stands out."""
    found = heights[heights > LOWEST]
    if not len(found):
        return LOWEST
    alone = max(float(found.mean()) - LOWEST, 0.1)
    without = _Mixture(alone, 1e-12, LOWEST, 1.0)
    best = max((_fitted(found, quantile) for quantile in (0.5, 0.8, 0.95)), key=lambda fit: fit.likelihood(found))
    gain = best.likelihood(found) - without.likelihood(found)
    stands = best.middle - LOWEST > max(_APART * best.deviation, best.scale) and best.middle > _CERTAIN
    if gain < _GAIN or best.share * len(found) < _FEWEST or not stands:
        return max(LOWEST + _usual(found) * math.log(max(len(found) / _BY_CHANCE, 1.0)), _CERTAIN)
    grid = np.linspace(LOWEST, best.middle, 400)
    other, group = best.parts(grid)
    return float(grid[int(np.argmax(group > other))]) if (group > other).any() else best.middle


def _fitted(heights: Numbers, quantile: float) -> _Mixture:
    """Fit a mixture, beginning with a group above a quantile."""
    split = float(np.quantile(heights, quantile))
    above, below = heights[heights >= split], heights[heights < split]
    scale = max(float(below.mean()) - LOWEST, 0.1) if len(below) else 0.5
    found = _Mixture(scale, len(above) / len(heights), float(above.mean()), max(float(above.std()), 0.3))
    for _ in range(_ROUNDS):
        found = found.refined(heights)
    return found


def _usual(heights: Numbers) -> float:
    """Return the scale of an exponential by the median, which a few particles hardly change."""
    return max((float(np.median(heights)) - LOWEST) / math.log(2), 0.1)
