"""The tilt axis of a microscope, pooled over its tilt series: steadier than that of any one of them."""

from collections.abc import Sequence

import numpy as np
from pydantic import NonNegativeFloat, PositiveInt

from tasks.errors import ResultError
from tasks.models import Model

FEWEST = 3
_LARGEST_SPREAD = 2.0
# The median absolute deviation of a normal distribution is this part of its standard deviation.
_DEVIATION = 0.6745


class PooledAxis(Model):
    """The direction of the tilt axis over several series."""

    angle: float
    """Median direction in degree, counter-clockwise from the y axis of the image."""
    spread: NonNegativeFloat
    """Robust standard deviation among the series, in degree."""
    series: PositiveInt
    """How many series were pooled."""


def pool_tilt_axis(angles: Sequence[float]) -> PooledAxis:
    """Pool the refined tilt axes (degree) of series that were taken alike.

    The median, so that a series which was aligned badly does not matter. Raises ResultError if there are fewer than
    three series, or if they disagree by more than two degree: then they do not belong together.
    """
    if len(angles) < FEWEST:
        raise ResultError(f"the tilt axis can be pooled over at least {FEWEST} series, not {len(angles)}")
    # Differences are taken around the first, for axes near 180 degree.
    around = (np.asarray(angles) - angles[0] + 180) % 360 - 180
    centre = float(np.median(around))
    spread = float(np.median(np.abs(around - centre))) / _DEVIATION
    if spread > _LARGEST_SPREAD:
        raise ResultError(f"the tilt axes of {len(angles)} series differ by {spread:.1f} degree: not one microscope")
    return PooledAxis(angle=(angles[0] + centre + 180) % 360 - 180, spread=spread, series=len(angles))
