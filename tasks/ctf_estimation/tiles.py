"""Where the tiles lie whose spectra are averaged, and how high the specimen is there."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from tasks.models import TiltGeometry

_SMALLEST = 128
"""Pixels; a smaller tile has too few coefficients on a Thon ring."""
_GROUP = 150.0
"""Angstrom of defocus over which the spectra of tiles are averaged to one."""


@dataclass(frozen=True)
class Tiling:
    """Tiles of an image, in groups of almost one defocus."""

    side: int
    """Pixels along a side."""
    corners: npt.NDArray[np.int64]
    """Lowest y and x of each tile, in pixels; (tiles, 2)."""
    group: npt.NDArray[np.int64]
    """Group of each tile; (tiles,)."""
    offset: npt.NDArray[np.float64]
    """Defocus of each group in angstrom, relative to the centre of the image; (groups,)."""


def tile(
    shape: tuple[int, int],
    pixel_size: float,
    length: float,
    tilt: TiltGeometry | None = None,
    handedness: int = -1,
) -> Tiling:
    """Cover an image with half-overlapping tiles of about ``length`` angstrom."""
    side = _side(round(length / pixel_size), min(shape))
    corners = np.stack(
        np.meshgrid(_starts(shape[0], side), _starts(shape[1], side), indexing="ij"),
        axis=-1,
    ).reshape(-1, 2)
    if tilt is None:
        return Tiling(side, corners, np.zeros(len(corners), np.int64), np.zeros(1))
    centres = (corners + side / 2 - np.asarray(shape) // 2) * pixel_size
    return _grouped(side, corners, defocus_offset(centres[:, 1], centres[:, 0], tilt, handedness))


def defocus_offset(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], tilt: TiltGeometry, handedness: int
) -> npt.NDArray[np.float64]:
    """Return the defocus at places of the image relative to its centre, all in angstrom.

    The specimen plane is at the height -tan(angle) times the distance from the tilt axis; a handedness of 1 means that
    defocus grows with this height, -1 that it falls.
    """
    axis = math.radians(tilt.axis_angle)
    distance = x * math.cos(axis) + y * math.sin(axis)
    return -handedness * distance * math.tan(math.radians(tilt.angle))


def _side(wanted: int, available: int) -> int:
    """Return an even number of pixels that is fast to transform and fits."""
    side = max(_SMALLEST, wanted)
    if side >= available:
        return available - available % 2
    while (fast := scipy.fft.next_fast_len(side, real=True)) % 2:
        side = fast + 1
    return min(fast, available - available % 2)


def _starts(pixels: int, side: int) -> npt.NDArray[np.int64]:
    """Return where tiles start along one direction, from edge to edge."""
    count = math.ceil(2 * (pixels - side) / side) + 1
    return np.round(np.linspace(0, pixels - side, count)).astype(np.int64)


def _grouped(side: int, corners: npt.NDArray[np.int64], offset: npt.NDArray[np.float64]) -> Tiling:
    """Put tiles of almost the same defocus together."""
    _, group = np.unique(np.round(offset / _GROUP), return_inverse=True)
    mean = np.bincount(group, offset) / np.bincount(group)
    return Tiling(side, corners, group, mean)
