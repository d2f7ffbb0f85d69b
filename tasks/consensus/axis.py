"""The direction of the tilt axis, which all series of a session share."""

import math
from collections.abc import Sequence

from tasks.errors import ResultError
from tasks.models import Estimate
from tasks.tilt_series_alignment.pooling import pool_tilt_axis

_STEADIEST = 0.3
"""Degrees: the scatter of a few series is not believed to be smaller."""
_MEDIAN = 1.25
"""Error of a median relative to that of a mean."""
_CLOSE = 1.0
"""Degrees around the truth within which an axis is of use."""
_NOMINAL = 3.0
"""Degrees by which a nominal axis may be off: refining it is usual."""
_OUTLIER = 4.0


def estimate_axis(angles: Sequence[float], nominal: float | None = None) -> Estimate:
    """Pool the tilt axes (degree) that were found of series; ``nominal``: what the user said.

    The confidence is the probability that the axis is within one degree of the truth, if series err independently.
    """
    fixed = {"name": "tilt_axis", "unit": "degree", "items": len(angles), "expected": nominal}
    try:
        pooled = pool_tilt_axis(angles)
    except ResultError as reason:
        return Estimate.model_validate(fixed | {"value": None, "confidence": 0.0, "evidence": str(reason)})
    scatter = max(pooled.spread, _STEADIEST)
    found = {
        "value": round(pooled.angle, 2),
        "confidence": math.erf(_CLOSE / (_MEDIAN * scatter / math.sqrt(len(angles)) * math.sqrt(2))),
        "evidence": f"median of the axes found of {pooled.series} series, which scatter by {pooled.spread:.2f} degree",
        "tolerance": max(_CLOSE, _OUTLIER * scatter),
        "agrees": None if nominal is None else turn(pooled.angle, nominal) <= _NOMINAL,
    }
    return Estimate.model_validate(fixed | found)


def turn(first: float, second: float) -> float:
    """Return the angle between two directions in degree."""
    return abs((first - second + 180) % 360 - 180)
