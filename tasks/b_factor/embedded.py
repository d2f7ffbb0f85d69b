"""Fit how resolution grows with the number of particles.

After Rosenthal and Henderson (2003, doi:10.1016/j.jmb.2003.07.013).
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field, PositiveFloat
from scipy.special import stdtrit

from tasks.errors import InputError, ResultError
from tasks.models import Model
from tasks.models.resolution import BFactorFit, ResolutionPoint

_FEWEST = 3


class EmbeddedBFactor(Model):
    """Least squares of 1 / d squared against ln(particles), with the confidence that Student's distribution gives."""

    tool: Literal["embedded"] = "embedded"
    confidence: float = Field(default=0.95, gt=0, lt=1)
    """Probability that B lies within the interval given."""
    pixel_limit: float = Field(default=1.05, ge=1)
    """Leave out resolutions within this ratio of two pixels: there the pixels limit, and not the particles."""

    def fit(self, points: Sequence[ResolutionPoint], pixel_size: PositiveFloat) -> BFactorFit:
        """Fit a B factor to refinements of different numbers of particles of one pixel size in angstrom."""
        limit = 2 * pixel_size * self.pixel_limit
        used = [point for point in points if point.resolution > limit]
        if len({point.particles for point in used}) < _FEWEST:
            found = f"{len(used)} refinements coarser than {limit:.2f} angstrom"
            raise InputError("points", found, f"at least {_FEWEST} of different numbers of particles")
        numbers = np.log([point.particles for point in used])
        (slope, intercept), covariance = np.polyfit(numbers, [point.resolution**-2 for point in used], 1, cov=True)
        if slope <= 0:
            raise ResultError(f"resolution does not grow with the number of particles: {_shown(used)}")
        return BFactorFit(
            points=tuple(sorted(points, key=lambda point: point.particles)),
            left_out=tuple(point for point in points if point not in used),
            slope=float(slope),
            intercept=float(intercept),
            b_factor=float(2 / slope),
            confidence=self._interval(float(slope), float(np.sqrt(covariance[0, 0])), len(used)),
            program="embedded fit",
        )

    def _interval(self, slope: float, error: float, count: int) -> tuple[float, float] | None:
        """Return between which values B lies; None if the slope may be zero."""
        width = float(stdtrit(count - 2, (1 + self.confidence) / 2)) * error
        return (2 / (slope + width), 2 / (slope - width)) if slope > width else None


def _shown(points: Sequence[ResolutionPoint]) -> str:
    return ", ".join(f"{point.particles} at {point.resolution:.2f} angstrom" for point in points)
