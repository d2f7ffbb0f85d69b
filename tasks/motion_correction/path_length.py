"""How far the specimen moved, early and late in the exposure."""

from collections.abc import Sequence

import numpy as np

from tasks.models import Shift

_EARLY_DOSE = 4.0


def path_lengths(displacements: Sequence[Shift], dose_per_frame: float) -> tuple[float, float]:
    """Return the lengths of the path within the first 4 electron per square angstrom of the exposure, and after."""
    steps = np.hypot(*np.diff(np.array(displacements, float).reshape(-1, 2), axis=0).T)
    # A step ends in the middle of a frame: the one to the second frame has half of each of the first two behind it.
    is_early = np.arange(1, len(steps) + 1) * dose_per_frame <= _EARLY_DOSE * (1 + 1e-6)
    return float(steps[is_early].sum()), float(steps[~is_early].sum())
