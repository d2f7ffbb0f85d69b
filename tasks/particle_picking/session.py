"""What the micrographs of a session tell together."""

from collections.abc import Sequence

import numpy as np

from tasks.models import Picks


def typical_diameter(found: Sequence[Picks], fewest: int = 1) -> float | None:
    """Return the diameter in angstrom of half of the particles, as estimated in the micrographs they are in.

    Micrographs do not agree exactly, but particles can only be extracted and classified together with one diameter.
    None if there are not ``fewest`` particles yet.
    """
    counts = np.array([picks.count for picks in found])
    if counts.sum() < max(fewest, 1):
        return None
    diameters = np.array([picks.diameter for picks in found])
    order = np.argsort(diameters)
    half = np.searchsorted(np.cumsum(counts[order]), counts.sum() / 2)
    return float(diameters[order][half])
