"""Pictures of volumes, read slice by slice: the central slice, projections, and a film from bottom to top.

Volumes are ``volume[z, y, x]``. In pictures, x points to the right, and y (or z, where y is along the view) upwards.
"""

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from tasks.errors import FormatError
from tasks.formats import mrc
from tasks.images.films import Frames
from tasks.images.pictures import Levels, levels, scaled, upright
from tasks.images.slices import mean, middle
from tasks.images.thumbnails import binned

SIDE = 512
"""Longest side of slices and films in pixels."""
PROJECTED = 1024
"""Longest side of projections in pixels."""
FRAMES = 75
"""Frames of a film at most: more cannot be told apart, and make files that browsers are slow with."""
_THICKNESS = 5
"""Slices that the central one is the mean of."""

Picture = npt.NDArray[np.float32]


def picture_central(path: Path, side: int = SIDE, between: Levels | None = None) -> Image.Image:
    """Picture the central XY slice of a volume; black and white are at two values."""
    volume = mrc.mapped(path)
    plane = mean(volume[middle(len(volume), _THICKNESS)], 0)
    small = _averaged(plane, _factor(plane.shape, side))
    return upright(scaled(small, between or _levels(path, small)), side)


def picture_projection(path: Path, plane: Literal["XY", "XZ"], side: int = PROJECTED) -> Image.Image:
    """Picture the mean of a volume along z (XY) or along y (XZ)."""
    volume = mrc.mapped(path)
    image = _along_z(volume) if plane == "XY" else _along_y(volume)
    small = binned(image, _factor(image.shape, side))
    return upright(scaled(small, _levels(path, small)), side)


def film_through(path: Path, side: int = SIDE, frames: int = FRAMES, between: Levels | None = None) -> Frames:
    """Yield pictures of slabs of a volume from its lowest to its highest, all with the same contrast."""
    volume = mrc.mapped(path)
    factor = _factor(volume.shape[1:], side)
    slabs = [_averaged(slab, factor) for slab in _slabs(volume, min(frames, len(volume)))]
    # The specimen lies in the middle; what is above and below has no contrast of its own.
    inner = slabs[len(slabs) // 4 : max(3 * len(slabs) // 4, len(slabs) // 4 + 1)]
    between = between or _levels(path, np.stack([slab[::2, ::2] for slab in inner]))
    return (upright(scaled(slab, between), side) for slab in slabs)


def _slabs(volume: npt.NDArray[Any], count: int) -> Iterator[Picture]:
    """Yield the means of so many slabs of nearly the same thickness."""
    edges = np.linspace(0, len(volume), count + 1).round().astype(int)
    return (_along_z(volume[low:high]) / np.float32(high - low) for low, high in pairwise(edges))


def _along_z(volume: npt.NDArray[Any]) -> Picture:
    total: Picture = volume[0].astype(np.float32)
    for plane in volume[1:]:
        total += plane
    return total


def _along_y(volume: npt.NDArray[Any]) -> Picture:
    return np.stack([plane.sum(axis=0, dtype=np.float32) for plane in volume])


def _averaged(image: Picture, factor: int) -> Picture:
    return binned(image, factor) / np.float32(factor**2)


def _levels(path: Path, image: Picture) -> Levels:
    found = levels(image)
    if not np.isfinite(found).all():
        raise FormatError(path, "values that are not finite", "a volume of finite values")
    return found


def _factor(shape: tuple[int, ...], side: int) -> int:
    """Return by how much to bin so that both sides are at most as long as wanted, and none is lost."""
    return min(max(1, math.ceil(max(shape) / side)), *shape)
