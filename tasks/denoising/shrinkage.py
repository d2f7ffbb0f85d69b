"""Weaken what is noise: band by band of frequencies, and place by place.

In each band the share of signal in the power about each voxel is measured, and the band is multiplied by the weight
that makes the expected error smallest there (Wiener). With two halves of the data the signal is what they have in
common, so that no feature is kept for being strong; without them the noise is what most of the volume holds.
"""

import math
from collections.abc import Callable, Sequence

import array_api_compat
import numpy as np
import numpy.typing as npt

from tasks.denoising.bands import BANDS, Band, Shape, add_cropped, crop, radii
from tasks.numerics.device import Array, namespace
from tasks.numerics.fourier import irfft3, rfft3

WINDOW = 1.0
"""Standard deviation of the window in which power is measured, in wavelengths of the band."""
_SMALLEST = 1e-30

Weigh = Callable[[Band, Sequence[Array], "Smoother"], Array]


def shrink(volume: Array, evidence: Sequence[Array], weigh: Weigh) -> Array:
    """Return a volume of even lengths with its bands weighted by what ``weigh`` finds in those of the evidence."""
    shape: Shape = volume.shape
    transform = rfft3(volume)
    transforms = [transform if other is volume else rfft3(other) for other in evidence]
    found = namespace(volume).zeros_like(transform)
    for band in BANDS:
        grid = band.grid(shape)
        window = _like(band.window(radii(shape, grid)) * (math.prod(grid) / math.prod(shape)), volume)
        parts = [irfft3(crop(other, grid) * window, grid) for other in transforms]
        whole = parts[0] if evidence[0] is volume else irfft3(crop(transform, grid) * window, grid)
        weight = weigh(band, parts, Smoother(volume, band, shape))
        add_cropped(found, rfft3(weight * whole) * (math.prod(shape) / math.prod(grid)), grid)
    return irfft3(found, shape)


def by_halves(_band: Band, parts: Sequence[Array], smooth: "Smoother") -> Array:
    """Return 2 c / (1 + c), the Wiener weight of the mean of two halves of correlation c."""
    first, second = parts
    xp = namespace(first)
    common = smooth(first * second)
    power = smooth((first * first + second * second) * 0.5)
    return xp.clip(2 * common / xp.clip(common + power, _SMALLEST, None), 0, 1)


def by_noise(powers: Sequence[float]) -> Weigh:
    """Return a function that weighs by the known noise power of each band."""

    def weigh(band: Band, parts: Sequence[Array], smooth: Smoother) -> Array:
        xp = namespace(parts[0])
        power = xp.clip(smooth(parts[0] * parts[0]), _SMALLEST, None)
        return xp.clip(1 - powers[band.number] / power, 0, 1)

    return weigh


def noise_powers(volume: Array) -> list[float]:
    """Return the power that half of the voxels do not exceed, in each band."""
    shape: Shape = volume.shape
    transform = rfft3(volume)
    found = []
    for band in BANDS:
        grid = band.grid(shape)
        window = _like(band.window(radii(shape, grid)) * (math.prod(grid) / math.prod(shape)), volume)
        part = irfft3(crop(transform, grid) * window, grid)
        found.append(float(np.median(Smoother(volume, band, shape)(part * part))))
    return found


class Smoother:
    """A Gaussian of some wavelengths of a band, for volumes on the grid of the band."""

    def __init__(self, like: Array, band: Band, shape: Shape) -> None:
        self._grid = band.grid(shape)
        width = WINDOW / band.centre
        self._window = _like(np.exp(-2 * (math.pi * width * radii(shape, self._grid)) ** 2), like)

    def __call__(self, volume: Array) -> Array:
        """Return the smoothed volume."""
        return irfft3(rfft3(volume) * self._window, self._grid)


def _like(values: npt.NDArray[np.floating], like: Array) -> Array:
    """Return single-precision values beside another array."""
    xp = namespace(like)
    return xp.asarray(values, dtype=xp.float32, device=array_api_compat.device(like))
