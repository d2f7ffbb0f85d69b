"""A specimen as a volume."""

import math
from collections.abc import Iterable
from itertools import product

import numpy as np
import numpy.typing as npt
import scipy.fft

from tasks.simulation.grid import Grid
from tasks.simulation.scatterers import Scatterers, blob

Floats = npt.NDArray[np.float32]

_MARGIN = 8


def density(groups: Iterable[Scatterers], shape: tuple[int, int, int], voxel_size: float) -> Floats:
    """Return the potential in volt on (nz, ny, nx) voxels around the centre of the specimen."""
    grid = Grid(shape[1:], voxel_size, _MARGIN)
    deep = (shape[0] + 2 * _MARGIN, *grid.padded)
    total = np.zeros((*deep[:2], deep[2] // 2 + 1), np.complex64)
    for group in groups:
        layers = scipy.fft.rfftn(_spread(group, deep, grid))
        total += layers * _along_z(group.width / voxel_size, deep[0])[:, None, None] * blob(group.width, grid)
    volume = scipy.fft.irfftn(total, deep)[_MARGIN:-_MARGIN]
    return np.asarray(grid.cut(volume) / voxel_size**3, np.float32)


def _along_z(width: float, depth: int) -> Floats:
    frequency = np.fft.fftfreq(depth)
    deviation = max(width, 0.5)
    return np.asarray(np.exp(-2 * (math.pi * deviation * frequency) ** 2) / np.sinc(frequency) ** 2, np.float32)


def _spread(group: Scatterers, shape: tuple[int, int, int], grid: Grid) -> Floats:
    """Share the weight of each point among the eight voxels around it."""
    centre = (_MARGIN + (shape[0] - 2 * _MARGIN) // 2, *grid.centre)
    places = group.positions[:, ::-1] / np.float32(grid.pixel_size) + np.array(centre, np.float32)
    inside = ((places >= 0) & (places < np.array(shape) - 1)).all(axis=1)
    corner = places[inside].astype(np.int64)
    upper = places[inside] - corner
    volume = np.zeros(math.prod(shape), np.float32)
    for step in product((0, 1), repeat=3):
        share = np.where(step, upper, 1 - upper).prod(axis=1)
        voxel = np.ravel_multi_index(tuple((corner + np.array(step)).T), shape)
        volume += np.bincount(voxel, group.weights[inside] * share, volume.size).astype(np.float32)
    return volume.reshape(shape)
