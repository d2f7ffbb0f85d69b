"""Split the transform of a volume into bands of frequency, each on a grid no finer than it needs."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.numerics.device import Array, namespace
from tasks.numerics.fourier import even_length

Shape = tuple[int, int, int]
BANDS_PER_OCTAVE = 2
LOWEST = 1 / 16
"""Frequency in cycles per voxel below which all belongs to one band: features there stand far above the noise."""
CENTRES = tuple(
    LOWEST * 2 ** (step / BANDS_PER_OCTAVE) for step in range(round(math.log2(0.5 / LOWEST)) * BANDS_PER_OCTAVE + 1)
)
_HEADROOM = 1.5


@dataclass(frozen=True)
class Band:
    """Frequencies around a centre; the windows of all bands add to one."""

    number: int

    @property
    def centre(self) -> float:
        """Frequency in cycles per voxel at which the window is one."""
        return CENTRES[self.number]

    def grid(self, shape: Shape) -> Shape:
        """Return the size of the grid that holds the band and what its products with smooth functions add."""
        highest = self.centre * 2 ** (1 / BANDS_PER_OCTAVE)
        if self.number >= len(CENTRES) - 2:
            return shape
        nz, ny, nx = (min(length, even_length(length * 2 * _HEADROOM * highest)) for length in shape)
        return nz, ny, nx

    def window(self, radius: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the weights of frequencies; a raised cosine in their logarithm."""
        octaves = np.log2(np.maximum(radius, 1e-6) / self.centre) * BANDS_PER_OCTAVE
        if self.number == 0:
            octaves = np.maximum(octaves, 0)
        if self.number == len(CENTRES) - 1:
            octaves = np.minimum(octaves, 0)
        weights: npt.NDArray[np.float32] = np.cos(np.clip(octaves, -1, 1) * (math.pi / 2)) ** 2
        return weights


BANDS = tuple(Band(number) for number in range(len(CENTRES)))


def radii(shape: Shape, grid: Shape) -> npt.NDArray[np.float32]:
    """Return the frequencies in cycles per voxel of a volume's transform that is cropped to a grid."""
    axes = [np.fft.fftfreq(small, large / small).astype(np.float32) for small, large in zip(grid, shape, strict=True)]
    fz, fy, fx = axes[0][:, None, None], axes[1][None, :, None], np.abs(axes[2][: grid[2] // 2 + 1])
    found: npt.NDArray[np.float32] = np.sqrt(fz**2 + fy**2 + fx**2)
    return found


def crop(transform: Array, grid: Shape) -> Array:
    """Cut a transform to the coefficients of a coarser grid of even lengths."""
    xp = namespace(transform)
    for axis, length in zip((0, 1), grid, strict=False):
        if length < transform.shape[axis]:
            low, high = _ends(transform.shape[axis], length, axis)
            transform = xp.concat([transform[low], transform[high]], axis=axis)
    return transform[:, :, : grid[2] // 2 + 1]


def add_cropped(transform: Array, cropped: Array, grid: Shape) -> None:
    """Add the coefficients of a coarser grid to a transform, in place."""
    half_z, half_y, columns = grid[0] // 2, grid[1] // 2, grid[2] // 2 + 1
    for rows_z, part_z in ((slice(0, half_z), slice(0, half_z)), (slice(-half_z, None), slice(half_z, None))):
        for rows_y, part_y in ((slice(0, half_y), slice(0, half_y)), (slice(-half_y, None), slice(half_y, None))):
            transform[rows_z, rows_y, :columns] += cropped[part_z, part_y, :]


def _ends(whole: int, length: int, axis: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return what selects the lowest positive and negative frequencies along an axis."""
    before = (slice(None),) * axis
    return (*before, slice(0, length // 2), ...), (*before, slice(whole - length // 2, whole), ...)
