"""Bring a tomogram to the scale of its particles, and find what is no specimen in it."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from tasks.errors import InputError
from tasks.formats.mrc import mapped, require_finite
from tasks.models import Tomogram

Volume = npt.NDArray[np.float32]

_FINENESS = 12
"""Voxels across a particle when it is looked for, at least, where the tomogram has them."""
_BEYOND = 7.0
"""How much farther from the median than the farthest hundredth of the voxels metal is. Simulated gold of 100 angstrom
is 9 to 11 times, after denoising 16 to 20 times; the densest spots of ribosomes are 4 times, 5 where there are few."""
_BESIDE = 0.5
"""How far from metal nothing is looked for, in diameters."""
_ENOUGH = 1_000_000
"""Voxels that tell the median."""


@dataclass(frozen=True)
class Reduced:
    """A tomogram with voxels as large as its particles allow, dense material bright."""

    volume: Volume
    """With a median of 0, and 0 where nothing is looked for."""
    usable: npt.NDArray[np.bool_]
    """Where particles can be looked for."""
    binning: int
    voxel_size: float
    """Angstrom."""

    def centred(self, places: npt.NDArray[np.float64], tomogram: Tomogram) -> npt.NDArray[np.float64]:
        """Return places (x, y, z in voxels) in angstrom from the centre of the tomogram."""
        middle = np.array([length // 2 for length in reversed(tomogram.shape)])
        # The first of the larger voxels is the mean of several: its centre lies between them.
        whole = places * self.binning + (self.binning - 1) / 2
        return np.asarray((whole - middle) * tomogram.voxel_size)


def reduce(tomogram: Tomogram, diameter: float, *, dark: bool) -> Reduced:
    """Bin a tomogram for particles of a diameter in angstrom, and take out metal and what is beside it."""
    binning = max(int(diameter / _FINENESS / tomogram.voxel_size), 1)
    volume = _binned(tomogram, binning)
    require_finite(tomogram.path, volume)
    if volume.min() == volume.max():
        raise InputError(tomogram.path, f"the same value {volume.min():g} in all voxels", "a tomogram")
    voxel_size = binning * tomogram.voxel_size
    usable = _away_from_metal(volume, _BESIDE * diameter / voxel_size)
    volume -= median(volume)
    volume[~usable] = 0
    return Reduced(-volume if dark else volume, usable, binning, voxel_size)


def median(volume: Volume) -> float:
    """Return the median of an evenly spread part of the voxels."""
    return float(np.median(_sample(volume)))


def _binned(tomogram: Tomogram, binning: int) -> Volume:
    """Return the means of cubes of voxels, read slab by slab; what is left at the far faces is not used."""
    stored = mapped(tomogram.path)
    deep, rows, columns = (length // binning for length in stored.shape)
    found = np.empty((deep, rows, columns), np.float32)
    for index in range(deep):
        slab = stored[index * binning : (index + 1) * binning, : rows * binning, : columns * binning]
        cubes = slab.reshape(binning, rows, binning, columns, binning)
        found[index] = cubes.mean(axis=(0, 2, 4), dtype=np.float32)
    return found


def _away_from_metal(volume: Volume, distance: float) -> npt.NDArray[np.bool_]:
    """Return which voxels are a distance in voxels away from what is far denser than any particle, as gold is."""
    sample = _sample(volume)
    middle, far = np.median(sample), np.percentile(sample, 1)
    metal = volume < middle - _BEYOND * (middle - far)
    if not metal.any():
        return np.ones(volume.shape, bool)
    return np.asarray(scipy.ndimage.distance_transform_edt(~metal) > distance)


def _sample(volume: Volume) -> Volume:
    return volume.ravel()[:: max(math.ceil(volume.size / _ENOUGH), 1)]
