"""From the light of areas to the thickness of their ice."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.errors import InputError
from tasks.models import IceThickness

Numbers = npt.NDArray[np.float64]

_DARKEST = 0.01
"""Fraction of the median intensity below which areas are not told apart."""
_FIVE = (0, 25, 50, 75, 100)
UNIT = 10_000
"""What IceBreaker multiplies intensities by."""


def thickness_of(
    path: Path, intensities: Numbers | Sequence[float], reference: float | None, program: str
) -> IceThickness:
    """Return the distribution of ``-log(intensity / reference)`` of areas, relative to the brightest without one."""
    light = np.asarray(intensities, np.float64)
    _require(path, light)
    brightest = float(light.max())
    reference = reference or brightest
    thickness = -np.log(np.maximum(light, _DARKEST * np.median(light)) / reference)
    minimum, first, median, third, maximum = (float(figure) for figure in np.percentile(thickness, _FIVE))
    return IceThickness(
        minimum=minimum,
        first_quartile=first,
        median=median,
        third_quartile=third,
        maximum=maximum,
        reference=reference,
        brightest=brightest,
        program=program,
    )


def thickness_at(light: Numbers, ice: IceThickness) -> Numbers:
    """Return the thickness behind which there is some light, relative to the reference of the micrograph."""
    thickness: Numbers = -np.log(np.maximum(light, _DARKEST * ice.brightest) / ice.reference)
    return thickness


def _require(path: Path, intensities: Numbers) -> None:
    """Refuse an image whose values cannot be counts of electrons."""
    median = float(np.median(intensities))
    if median <= 0:
        raise InputError(path, f"a median intensity of {median:g}", "counts of electrons, which are above 0")
    if intensities.min() == intensities.max():
        raise InputError(path, f"the same intensity {median:g} everywhere", "an image")
