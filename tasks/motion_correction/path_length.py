"""How far the specimen moved, early and late in the exposure."""

from collections.abc import Sequence

import numpy as np

from tasks.errors import ResultError
from tasks.models import Movie, Shift

_EARLY_DOSE = 4.0


def path_lengths(displacements: Sequence[Shift], dose_per_frame: float) -> tuple[float, float]:
    """Return the lengths of the path within the first 4 electron per square angstrom of the exposure, and after."""
    steps = np.hypot(*np.diff(np.array(displacements, float).reshape(-1, 2), axis=0).T)
    # A step ends in the middle of a frame: the one to the second frame has half of each of the first two behind it.
    is_early = np.arange(1, len(steps) + 1) * dose_per_frame <= _EARLY_DOSE * (1 + 1e-6)
    return float(steps[is_early].sum()), float(steps[~is_early].sum())


def check_steps(movie: Movie, displacements: Sequence[Shift], limit: float) -> None:
    """Refuse motion that is absurd: displacements and limit in angstrom."""
    steps = np.hypot(*np.diff(np.array(displacements, float).reshape(-1, 2), axis=0).T)
    if steps.max(initial=0) > limit:
        raise ResultError(
            f"{movie.path.name}: the specimen seems to move {steps.max():.0f} angstrom from one frame to the next "
            f"(limit {limit:g})"
        )
