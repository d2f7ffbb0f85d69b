"""Weaken what is noise: band by band of frequencies, and place by place.

In each band the share of signal in the power about each voxel is measured, and the band is multiplied by the weight
that makes the expected error smallest there (Wiener). With two halves of the data the signal is what they have in
common, so that no feature is kept for being strong; without them the noise is what most of the volume holds.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import array_api_compat
import numpy as np
import numpy.typing as npt

from tasks.denoising.bands import BANDS, BANDS_PER_OCTAVE, Band, Shape, add_cropped, crop, radii
from tasks.numerics.device import Array, namespace, to_host
from tasks.numerics.fourier import irfft3, rfft3

WINDOW = 1.0
"""Standard deviation of the window in which power is measured, in wavelengths of the band."""
_SMALLEST = 1e-30
# Independent values in a window: 4 pi f^3 ln(2) / 2 of frequencies times (2 sqrt(pi) WINDOW / f)^3 of space.
_SAMPLES = 4 * math.pi * math.log(2) / BANDS_PER_OCTAVE * (2 * math.sqrt(math.pi) * WINDOW) ** 3

Weigh = Callable[[Band, Sequence[Array], "Smoother"], Array]


def shrink(volume: Array, evidence: Sequence[Array], weigh: Weigh) -> Array:
    """Return a volume of even lengths with its bands weighted by what ``weigh`` finds in those of the evidence."""
    shape: Shape = volume.shape
    transform = rfft3(volume)
    transforms = [transform if other is volume else rfft3(other) for other in evidence]
    found = namespace(volume).zeros_like(transform)
    for band in BANDS:
        parts = [_part(other, band, shape) for other in transforms]
        whole = parts[0] if evidence[0] is volume else _part(transform, band, shape)
        weight = weigh(band, parts, Smoother(volume, band, shape))
        grid = band.grid(shape)
        add_cropped(found, rfft3(weight * whole) * (math.prod(shape) / math.prod(grid)), grid)
    return irfft3(found, shape)


@dataclass(frozen=True)
class Agreement:
    """How two halves agree in a band."""

    correlation: float
    """Of the whole volume."""
    trust: float
    """How much of the differences between places is real, from 0 to 1; the rest is chance."""


def agreements(first: Array, second: Array) -> list[Agreement]:
    """Return how two halves agree in each band."""
    shape: Shape = first.shape
    transforms = [rfft3(first), rfft3(second)]
    found = []
    for band in BANDS:
        one, two = (_part(transform, band, shape) for transform in transforms)
        common, power = _local(one, two, Smoother(first, band, shape))
        xp = namespace(common)
        mean = float(xp.mean(common)) / max(float(xp.mean(power)), _SMALLEST)
        spread = float(xp.var(common / xp.clip(power, _SMALLEST, None)))
        chance = (1 - mean**2) ** 2 / _SAMPLES
        found.append(Agreement(min(max(mean, 0.0), 1.0), max(1 - chance / max(spread, _SMALLEST), 0.0)))
    return found


def mean_agreements(blocks: Sequence[Sequence[Agreement]]) -> list[Agreement]:
    """Return the mean agreement of several blocks, band by band."""
    return [
        Agreement(
            correlation=float(np.mean([block.correlation for block in band])),
            trust=float(np.mean([block.trust for block in band])),
        )
        for band in zip(*blocks, strict=True)
    ]


def by_halves(found: Sequence[Agreement]) -> Weigh:
    """Return a function that gives 2 c / (1 + c), the Wiener weight of the mean of two halves of correlation c.

    The correlation about a voxel is drawn to that of the whole volume as far as chance may explain the difference
    (empirical Bayes): where signal is too weak to be placed, the weight is that of the Fourier shell correlation.
    """

    def weigh(band: Band, parts: Sequence[Array], smooth: Smoother) -> Array:
        xp = namespace(parts[0])
        common, power = _local(parts[0], parts[1], smooth)
        known = found[band.number]
        here = common / xp.clip(power, _SMALLEST, None)
        correlation = xp.clip(known.trust * here + (1 - known.trust) * known.correlation, 0, 1)
        return 2 * correlation / (1 + correlation)

    return weigh


def _local(first: Array, second: Array, smooth: "Smoother") -> tuple[Array, Array]:
    """Return the common power and the mean power about each voxel."""
    return smooth(first * second), smooth((first * first + second * second) * 0.5)


def by_noise(powers: Sequence[float]) -> Weigh:
    """Return a function that weighs by the known noise power of each band."""

    def weigh(band: Band, parts: Sequence[Array], smooth: Smoother) -> Array:
        xp = namespace(parts[0])
        power = xp.clip(smooth(parts[0] * parts[0]), _SMALLEST, None)
        return xp.clip(1 - powers[band.number] / power, 0, 1)

    return weigh


def noise_powers(volume: Array) -> list[float]:
    """Return the noise power of each band: what half of the voxels do not exceed, if a signal cannot explain it.

    Towards low frequencies the spectrum of a signal rises steeply, that of noise hardly: the power of a band counts as
    noise only up to twice the density of the next higher band.
    """
    shape: Shape = volume.shape
    transform = rfft3(volume)
    found: list[float] = []
    density = math.inf
    for band in reversed(BANDS):
        part = _part(transform, band, shape)
        power = float(np.median(to_host(Smoother(volume, band, shape)(part * part))))
        extent = _extent(band)
        density = min(power / extent, 2 * density)
        found.insert(0, density * extent)
    return found


def _extent(band: Band) -> float:
    """Return the power of white noise of variance 1 in a band, from frequencies up to half a cycle per voxel."""
    radius = np.linspace(0, 0.5, 500, dtype=np.float32)
    return float(np.trapezoid(4 * math.pi * radius**2 * band.window(radius) ** 2, radius))


def _part(transform: Array, band: Band, shape: Shape) -> Array:
    """Return a band of a volume, on the grid of the band."""
    grid = band.grid(shape)
    window = _like(band.window(radii(shape, grid)) * (math.prod(grid) / math.prod(shape)), transform)
    return irfft3(crop(transform, grid) * window, grid)


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
