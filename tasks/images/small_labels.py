"""Small volumes of labels, which pages draw as surfaces."""

from pathlib import Path

import numpy as np

from tasks.formats.mrc import mapped, writing

FACTOR = 4
_FULL = 127
_EDGE = 5
"""Voxels at each face that are empty, so that every surface is closed."""


def write_small_labels(path: Path, labels: Path, voxel_size: float) -> None:
    """Write how much of each cube of voxels is labelled, from 0 to 127; small volumes are not made smaller."""
    volume = mapped(labels)
    factor = min(FACTOR, *(max(length // (4 * _EDGE), 1) for length in volume.shape))
    depth, height, width = (length // factor for length in volume.shape)
    with writing(path, (height, width), voxel_size * factor, dtype=np.int8) as writer:
        for index in range(depth):
            slab = volume[index * factor : (index + 1) * factor, : height * factor, : width * factor] > 0
            share = slab.reshape(factor, height, factor, width, factor).mean(axis=(0, 2, 4))
            section = (share * _FULL).astype(np.int8)
            section[:_EDGE], section[-_EDGE:], section[:, :_EDGE], section[:, -_EDGE:] = 0, 0, 0, 0
            inside = _EDGE <= index < depth - _EDGE
            writer.write(section if inside else np.zeros_like(section))
