"""Make images comparable: no outliers, no edges, white noise."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from tasks.numerics.device import Array, namespace, to_device, to_host
from tasks.numerics.fourier import frequencies, irfft2, rfft2

_EDGE = 0.06
_LOWEST = 3.0
"""Waves longer than a third of the field are background: thickness, uneven illumination."""


@dataclass(frozen=True)
class Prepared:
    """Whitened images of a series and the signal in them."""

    images: Array
    """Images (n, ny, nx) on the device, noise of variance 1."""
    signal: npt.NDArray[np.float64]
    """Power of the signal over that of the noise, in equal bins of frequency from 0 to half a cycle per pixel."""
    scale: tuple[float, float]
    """Pixels of an image per working pixel, in x and y; 1 but for rounding."""
    centre: tuple[float, float]
    """Pixel of the image that is its centre, x and y."""

    @property
    def size(self) -> int:
        """Side of the square plane of the specimen that is looked at, in working pixels."""
        return int(max(self.images.shape[-2:]) // 2 * 2)

    def only(self, kept: npt.NDArray[np.bool_]) -> Self:
        """Keep some of the images."""
        xp = namespace(self.images)
        return replace(self, images=xp.stack([self.images[int(index), ...] for index in np.flatnonzero(kept)]))


def prepare(
    images: npt.NDArray[np.float32], scale: tuple[float, float], centre: tuple[float, float], device: str
) -> Prepared:
    """Clip, taper and whiten the images of a series (n, ny, nx)."""
    whitened, signals = zip(*(_whiten(image, device) for image in images), strict=True)
    xp = namespace(whitened[0])
    signal = scipy.ndimage.gaussian_filter1d(np.median(signals, axis=0), 1.0)
    return Prepared(xp.stack(whitened), np.asarray(signal), scale, centre)


def clip(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Bound outliers: hot pixels, ice, and gold, which would outshine everything else."""
    middle = np.median(image)
    spread = 1.4826 * np.median(np.abs(image - middle))
    reach = max(6 * spread, 3 * float(image.std()))
    return np.asarray(np.clip(image, middle - reach, middle + reach), np.float32)


def edge_taper(shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Return a window that falls to 0 at the edges."""
    rises = []
    for length in shape:
        position = np.arange(length)
        rise = np.clip(np.minimum(position, length - 1 - position) / (_EDGE * length), 0, 1)
        rises.append(0.5 - 0.5 * np.cos(np.pi * rise))
    return np.asarray(rises[0][:, None] * rises[1], np.float32)


def _whiten(image: npt.NDArray[np.float32], device: str) -> tuple[Array, npt.NDArray[np.float64]]:
    """Return the image with white noise, and its signal-to-noise spectrum."""
    shape = (image.shape[0], image.shape[1])
    taper = edge_taper(shape)
    clipped = clip(image)
    level = np.sum(clipped * taper, dtype=np.float64) / np.sum(taper, dtype=np.float64)
    transform = rfft2(to_device(np.asarray((clipped - level) * taper, np.float32), device))
    xp = namespace(transform)
    fy, fx = frequencies(shape, transform)
    radius = to_host(xp.sqrt(fx**2 + fy**2))
    power, noise = _spectrum(to_host(xp.abs(transform)) ** 2, radius, min(shape) // 4)
    bins = (np.arange(len(power)) + 0.5) / (2 * len(power))
    amplitude = np.interp(radius, bins, np.sqrt(np.maximum(power, noise)))
    background = 1 - np.exp(-((radius * min(shape) / _LOWEST) ** 2))
    filtered = irfft2(transform * to_device(np.asarray(background / amplitude, np.float32), device), shape)
    return filtered / xp.std(filtered), np.maximum(power / noise - 1, 0)


def _spectrum(
    power: npt.NDArray[np.float32], radius: npt.NDArray[np.float32], bins: int
) -> tuple[npt.NDArray[np.float64], float]:
    """Return the mean power in bins of frequency up to half a cycle per pixel, and that of the noise."""
    number = np.minimum((radius * 2 * bins).astype(int), bins - 1).ravel()
    profile = np.bincount(number, power.ravel(), bins) / np.maximum(np.bincount(number, minlength=bins), 1)
    # Where images are binned, hardly any signal is left near the highest frequency.
    noise = float(np.median(profile[int(0.8 * bins) : int(0.97 * bins)]))
    return profile, max(noise, float(np.finfo(np.float32).tiny), 1e-9 * float(profile.max()))
