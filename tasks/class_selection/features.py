"""What tells an average of particles from one of junk, each as a number from 0 (junk) to 1.

- support: 1 - exp(-n / (0.2 N / K)) of a class of n of the N particles in K classes. An average of a few images shows
  the noise of each.
- detail: the resolution of the class relative to the finest one of the classes that have half of an even share or
  more. Noise does not average to anything with a resolution.
- compactness: how little the average varies in the outer fifth of the mask relative to the inside: 1 where it is a
  third or less, 0 where it is alike. Noise fills the mask, and contamination reaches over its edge.
- centring: how near the centre of mass of the density is to the centre: 1 within a tenth of the radius of the mask, 0
  from half of it on.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tasks.models.classes import ClassAverage

Image = npt.NDArray[np.float32]

_FEW = 0.2
_RIM = 0.8
_COMPACT = 1 / 3
_CENTRED, _OFF_CENTRE = 0.1, 0.5
_BRIGHT = 0.4
"""Share of the largest density above which pixels count for the centre of mass."""


class Features(NamedTuple):
    """What speaks for a class, each from 0 to 1."""

    support: float
    detail: float
    compactness: float
    centring: float

    @property
    def score(self) -> float:
        """The square root of the product: one bad feature, or two poor ones, are enough to be junk."""
        return math.sqrt(math.prod(self))

    @property
    def weakest(self) -> str:
        """Name of the least feature."""
        return self._fields[int(np.argmin(self))]


def class_features(classes: Sequence[ClassAverage], averages: Sequence[Image], radius: float) -> list[Features]:
    """Return the features of each class, given the averages and the radius of the mask in pixels."""
    even = sum(item.particles for item in classes) / len(classes)
    finest = _finest(classes, even)
    return [
        Features(
            1 - math.exp(-item.particles / (_FEW * even)) if even else 0.0,
            min(1.0, finest / item.resolution) if item.resolution and item.particles else 0.0,
            *shape_features(average, radius),
        )
        for item, average in zip(classes, averages, strict=True)
    ]


def shape_features(average: Image, radius: float) -> tuple[float, float]:
    """Return how compact and how well centred the density of an average is."""
    rows, columns = (np.arange(length, dtype=np.float32) - length // 2 for length in average.shape)
    distance = np.hypot(rows[:, None], columns)
    rim = (distance > _RIM * radius) & (distance <= radius)
    inside = distance <= _RIM * radius
    contrast = average - np.median(average[rim])
    power = float(np.mean(contrast[inside] ** 2))
    if not power > 0:
        return 0.0, 0.0
    ratio = math.sqrt(float(np.mean(contrast[rim] ** 2)) / power)
    within = np.where(distance <= radius, contrast, 0)
    weight = np.where(within > _BRIGHT * within.max(), within, 0)
    total = float(weight.sum())
    away = math.hypot(float((weight * rows[:, None]).sum()), float((weight * columns).sum())) / (total * radius)
    return _ramp(ratio, _COMPACT, 1.0), _ramp(away, _CENTRED, _OFF_CENTRE)


def _finest(classes: Sequence[ClassAverage], even: float) -> float:
    """Return the finest resolution of the classes that have half of an even share or more."""
    large = [item.resolution for item in classes if item.resolution and item.particles >= even / 2]
    return min(large, default=min((item.resolution for item in classes if item.resolution), default=math.inf))


def _ramp(value: float, best: float, worst: float) -> float:
    """Return 1 up to the best value, 0 from the worst one on."""
    return min(1.0, max(0.0, (worst - value) / (worst - best)))
