"""Where numbers part into two groups: a particle and what is around it."""

import numpy as np
import numpy.typing as npt


def otsu(values: npt.NDArray[np.float32]) -> float:
    """Return the value that parts numbers into two groups with the least variance within them."""
    counts, edges = np.histogram(values, 512)
    middles = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    parted = (below > 0) & (above > 0)
    gap = sums[parted] / below[parted] - (sums[-1] - sums[parted]) / above[parted]
    between = below[parted] * above[parted] * gap**2
    return float(edges[1:][parted][np.argmax(between)])
