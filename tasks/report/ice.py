"""The thickness of the ice of micrographs, compared with that of the session."""

import math
from collections.abc import Sequence

import numpy as np

_BRIGHT = 0.99
"""A micrograph in a hundred may be brighter than the reference: it may be overexposed."""


def reference_intensity(found: Sequence[tuple[float, float]]) -> float | None:
    """Return the intensity that counts as no ice, given that of each micrograph and its brightest area.

    It is the one that was given; otherwise each micrograph has its own, and that of the thinnest ice of the session
    makes them comparable.
    """
    given = [reference for reference, brightest in found if reference != brightest]
    if given:
        return given[-1]
    ordered = np.sort([brightest for _, brightest in found])
    return float(ordered[math.ceil(_BRIGHT * len(ordered)) - 1]) if found else None


def thickness(median: float | None, own: float | None, reference: float | None) -> float | None:
    """Return a thickness relative to the reference, in mean free paths."""
    if median is None or own is None or reference is None:
        return None
    return median + math.log(reference / own)
