"""Which of several classes has most evidence."""

from collections.abc import Sequence

from tasks.errors import ResultError
from tasks.models.classes import ClassStatistics

_LEAST_SHARE = 0.3
"""Of the share that each class had if all were alike; a class with less may owe its resolution to noise."""
_ALIKE = 1.15
"""Resolutions within this ratio are taken for alike: neighbouring Fourier shells, at low resolution."""
_UNKNOWN_ANGLE = 180.0


def best_class(classes: Sequence[ClassStatistics]) -> tuple[int, str]:
    """Return the number of the best class, and why.

    Of the classes with enough particles, those are kept whose resolution comes near the finest one; of these the one
    with most particles is taken, or, with equally many, the one whose angles are known best.
    """
    total = sum(item.particles for item in classes)
    least = _LEAST_SHARE * total / len(classes)
    able = [item for item in classes if item.particles and item.particles >= least and item.resolution is not None]
    if not able:
        raise ResultError(
            f"none of {len(classes)} classes of {total} particles has a resolution: all are junk or empty"
        )
    finest = min(item.resolution or 0 for item in able)
    alike = [item for item in able if (item.resolution or 0) <= finest * _ALIKE]
    found = max(alike, key=lambda item: (item.particles, -(item.rotation_accuracy or _UNKNOWN_ANGLE)))
    share = f"{found.particles} of {total} particles at {found.resolution:.1f} angstrom"
    others = len(alike) - 1
    reason = f"the most of {len(alike)} classes of like resolution" if others else "the finest resolution"
    return found.number, f"class {found.number}: {share}, {reason}"
