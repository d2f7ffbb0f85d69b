"""Tell the peaks of particles from those of noise by their heights."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

LOWEST = 3.3
"""Standard deviations of the noise; below it, many peaks are noise whatever the particles are."""
CERTAIN = 5.0
"""Standard deviations of the noise that peaks of noise hardly reach."""
FEWEST = 3
"""Peaks that must be certain before lower ones can be particles."""
_FAINT = 3.5
"""A group of peaks that are not higher on average is a part of the noise."""
_BEYOND = 2.5
"""Standard deviations beyond which a peak does not belong to the lower group, however far the higher one is."""
_ROUNDS = 10
_SAME = 0.01
"""Difference of roots that changes nothing."""
_NARROWEST = 0.1


@dataclass(frozen=True)
class _Group:
    """A normal distribution of roots of heights; the roots of weak and of strong peaks scatter alike."""

    weight: float
    mean: float
    deviation: float

    def density(self, roots: Numbers) -> Numbers:
        density: Numbers = self.weight / self.deviation * np.exp(-0.5 * np.square((roots - self.mean) / self.deviation))
        return density


def divide(heights: Numbers) -> float:
    """Return the height that divides peaks into noise and particles; where all are noise, none is above it."""
    if np.count_nonzero(heights > CERTAIN) < FEWEST:
        return CERTAIN
    roots = np.sqrt(heights)
    low, high = _two_groups(roots)
    if high.mean**2 < _FAINT:
        return CERTAIN
    noise = low.mean + _BEYOND * low.deviation
    return max(min(_crossing(low, high), noise) ** 2, LOWEST)


def _two_groups(roots: Numbers) -> tuple[_Group, _Group]:
    """Describe a lower and a higher group, those below and above the value that divides them."""
    split = _split(roots)
    for _ in range(_ROUNDS):
        low, high = _group(roots[roots <= split]), _group(roots[roots > split])
        again = _crossing(low, high)
        if not roots.min() < again < roots.max() or abs(again - split) < _SAME:
            break
        split = again
    return low, high


def _split(roots: Numbers) -> float:
    """Return the value that divides values into two groups of the least scatter (Otsu)."""
    ordered = np.sort(roots)
    below = np.arange(1, len(ordered))
    sums = np.cumsum(ordered)
    means = sums[:-1] / below, (sums[-1] - sums[:-1]) / (len(ordered) - below)
    best = int(np.argmax(below * (len(ordered) - below) * np.square(means[1] - means[0])))
    return float((ordered[best] + ordered[best + 1]) / 2)


def _group(roots: Numbers) -> _Group:
    """Describe a group by its middle; a few of the other group among them change nothing."""
    middle = float(np.median(roots))
    return _Group(len(roots), middle, max(1.4826 * float(np.median(np.abs(roots - middle))), _NARROWEST))


def _crossing(low: _Group, high: _Group) -> float:
    """Return the value between the means of two groups at which both are equally likely."""
    grid = np.linspace(low.mean, high.mean, 400)
    above = high.density(grid) > low.density(grid)
    return float(grid[int(np.argmax(above))]) if above.any() else high.mean
