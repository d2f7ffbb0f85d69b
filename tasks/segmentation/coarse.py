"""A tomogram on larger voxels, and labels back on its own."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Volume = npt.NDArray[np.float32]


def averaged(volume: npt.NDArray[np.generic], factor: int) -> Volume:
    """Return the means of cubes of voxels; what is left at the ends is left out. The volume may be mapped from disk."""
    depth, height, width = (length // factor for length in volume.shape)
    found = np.empty((depth, height, width), np.float32)
    for index in range(depth):
        slab = np.asarray(
            volume[index * factor : (index + 1) * factor, : height * factor, : width * factor], np.float32
        )
        rows = slab.sum(axis=0).reshape(height, factor, width * factor).sum(axis=1)
        found[index] = rows.reshape(height, width, factor).sum(axis=2) / factor**3
    return found


def spread(
    labels: npt.NDArray[np.integer], factor: int, shape: tuple[int, int, int]
) -> Iterator[npt.NDArray[np.integer]]:
    """Yield the sections of a volume of a shape in which each label fills a cube of voxels; none reach the ends."""
    for index in range(shape[0]):
        section = np.zeros(shape[1:], labels.dtype)
        if index // factor < len(labels):
            large = labels[index // factor].repeat(factor, axis=0).repeat(factor, axis=1)
            section[: large.shape[0], : large.shape[1]] = large
        yield section
