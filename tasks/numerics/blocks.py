"""Work through volumes that are too large for the memory, block by block with overlap."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from tasks.numerics.fourier import even_length

Volume = npt.NDArray[np.float32]
Span = tuple[int, int]
MARGIN = 32
"""Voxels around a block that its inner part depends on, where nothing else is said."""
LARGEST = 256
"""Longest edge of a block with its margins, in voxels."""


def sections(
    volumes: Sequence[npt.NDArray[np.generic]],
    work: Callable[[Sequence[Volume]], Volume],
    largest: int = LARGEST,
    margin: int = MARGIN,
) -> Iterator[Volume]:
    """Yield the (y, x) sections of what ``work`` makes of blocks of the volumes."""
    depth, height, width = volumes[0].shape
    for bottom, top in _spans(depth, largest, margin):
        slab = np.empty((top - bottom, height, width), np.float32)
        for low, high in _spans(height, largest, margin):
            for left, right in _spans(width, largest, margin):
                block = ((bottom, top), (low, high), (left, right))
                inner = tuple(slice(margin, margin + end - begin) for begin, end in block)
                slab[:, low:high, left:right] = work([padded(volume, block, margin) for volume in volumes])[inner]
        yield from slab


def padded(volume: npt.NDArray[np.generic], block: Sequence[Span], margin: int = MARGIN) -> Volume:
    """Return a block with its margins, mirrored at the faces of the volume; its lengths are even."""
    inner, pads = [], []
    for (begin, end), length in zip(block, volume.shape, strict=True):
        first, last = max(begin - margin, 0), min(end + margin, length)
        inner.append(slice(first, last))
        before = margin - (begin - first)
        pads.append((before, even_length(end - begin + 2 * margin) - before - (last - first)))
    found: Volume = np.pad(np.asarray(volume[tuple(inner)], np.float32), pads, mode="symmetric")
    return found


def _spans(length: int, largest: int, margin: int) -> list[Span]:
    """Divide a length evenly into parts that fit into a block with margins."""
    parts = -(-length // (largest - 2 * margin)) if length + 2 * margin > largest else 1
    edges = [round(part * length / parts) for part in range(parts + 1)]
    return list(itertools.pairwise(edges))
