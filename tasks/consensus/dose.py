"""The dose, of cameras that count electrons: how many there are in a pixel of a frame."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

from tasks.models import Estimate

_POISSON = (0.6, 1.4)
"""Variance over mean of counts that are electrons, not some scaled signal."""
_PLAUSIBLE = (0.4, 1.25)
"""Counts over dose: ice and filter take some electrons away, and a camera misses some; none are added."""
_ALIKE = 0.2
_UNSTEADY = 0.3
"""Deviation from the others of its series above which a tilt had another dose."""
_FEWEST = 5


@dataclass(frozen=True)
class Counting:
    """What the frames of a movie say of their electrons."""

    mean: float
    """Per pixel and frame."""
    ratio: float
    """Variance over mean of the differences of frames: 1 for electrons that are counted one by one."""

    @property
    def counts(self) -> bool:
        """Tell whether the camera counts."""
        return _POISSON[0] <= self.ratio <= _POISSON[1] and self.mean > 0


def count(frames: Iterable[npt.NDArray[np.generic]]) -> Counting:
    """Measure frames; neighbouring ones differ by the chance of counting alone, whatever they show."""
    means, variances, before = [], [], None
    for frame in frames:
        values = np.asarray(frame, np.float32)
        limit = _brightest(values)
        good = values <= limit
        means.append(float(values[good].mean()))
        if before is not None:
            both = good & (before <= limit)
            variances.append(float(np.var(values[both] - before[both])) / 2)
        before = values
    mean = float(np.mean(means))
    return Counting(mean, float(np.mean(variances)) / mean if variances and mean > 0 else 0.0)


def estimate_dose(counted: Sequence[Counting], pixel_size: float, dose_per_frame: float) -> Estimate:
    """Compare the electrons that were counted with the dose that the parameters say.

    The confidence grows with the number of movies and falls with the part of them that differ from the others by 20 %.
    """
    counting = [one for one in counted if one.counts]
    fixed = {"name": "dose", "unit": "electron per square angstrom and frame", "items": len(counting)}
    if 2 * len(counting) <= len(counted):
        ratio = median(one.ratio for one in counted) if counted else 0.0
        why = f"the frames do not count electrons: their variance is {ratio:.2g} times their mean"
        return Estimate.model_validate(fixed | {"value": None, "confidence": 0.0, "evidence": why})
    doses = [one.mean / pixel_size**2 for one in counting]
    middle = median(doses)
    alike = sum(abs(dose - middle) <= _ALIKE * middle for dose in doses) / len(doses)
    found = {
        "value": round(middle, 3),
        "confidence": alike * len(doses) / (len(doses) + 1),
        "evidence": f"{median(one.mean for one in counting):.3g} electrons in a pixel of {pixel_size:g} A of a frame",
        "expected": dose_per_frame or None,
        "agrees": _PLAUSIBLE[0] <= middle / dose_per_frame <= _PLAUSIBLE[1] if dose_per_frame else None,
    }
    return Estimate.model_validate(fixed | found)


def unsteady(intensities: Sequence[float], angles: Sequence[float]) -> dict[int, float]:
    """Return which tilts of a series are brighter or darker than the others let expect, by what factor.

    Intensity falls with the way through the specimen, as exp(-k / cos(angle)).
    """
    if len(intensities) < _FEWEST or min(intensities) <= 0:
        return {}
    way = 1 / np.cos(np.radians(angles))
    logarithms = np.log(intensities)
    # The median of the slopes between all pairs does not follow a few outliers.
    first, second = np.triu_indices(len(way), 1)
    apart = np.abs(way[first] - way[second]) > 0.05
    slopes = ((logarithms[first] - logarithms[second])[apart]) / (way[first] - way[second])[apart]
    slope = float(np.median(slopes)) if len(slopes) else 0.0
    rest = logarithms - slope * way
    rest -= np.median(rest)
    odd = np.flatnonzero(np.abs(rest) > math.log(1 + _UNSTEADY))
    return {int(index): float(np.exp(rest[index])) for index in odd}


def _brightest(values: npt.NDArray[np.float32]) -> float:
    """Return the most that a pixel counts by chance; hot pixels are beyond."""
    mean = float(np.median(values))
    return mean + 10 * math.sqrt(max(mean, 1.0)) + 10
