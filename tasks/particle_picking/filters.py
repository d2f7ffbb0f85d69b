"""Smooth images, and tell their noise."""

import math

import array_api_compat
import scipy.fft

from tasks.numerics.device import Array, namespace
from tasks.numerics.fourier import frequencies, irfft2, rfft2

_BAND = (0.7, 0.95)
"""Frequencies, as fractions of the highest one, at which images hold little but the noise of the electrons."""
_ENOUGH = 128
"""Values along a side of an image that tell its median."""


def blur_within(image: Array, weights: Array, width: float) -> Array:
    """Return the mean of each neighbourhood, a Gaussian of a width in pixels; pixels count by their weights."""
    border = math.ceil(3 * width)
    total, count = (_blur(padded(values, border), width) for values in (image * weights, weights))
    rows, columns = image.shape
    return total[:rows, :columns] / namespace(image).clip(count[:rows, :columns], 1e-3, None)


def padded(image: Array, border: int) -> Array:
    """Add zeros after the last row and column, at least ``border`` of them, to a size of quick transforms."""
    xp = namespace(image)
    rows, columns = (scipy.fft.next_fast_len(length + border, real=True) for length in image.shape)
    kind = {"dtype": image.dtype, "device": array_api_compat.device(image)}
    wider = xp.concat([image, xp.zeros((image.shape[0], columns - image.shape[1]), **kind)], axis=1)
    return xp.concat([wider, xp.zeros((rows - image.shape[0], columns), **kind)], axis=0)


def spread(image: Array) -> float:
    """Return the standard deviation of the values near the median, which outliers hardly change."""
    return 1.4826 * median(namespace(image).abs(image - median(image)))


def median(image: Array) -> float:
    """Return the median of an evenly spread part of the values."""
    xp = namespace(image)
    step = max(math.isqrt(image.shape[0] * image.shape[1]) // _ENOUGH, 1)
    ordered = xp.sort(xp.reshape(image[::step, ::step], (-1,)))
    return float(ordered[ordered.shape[0] // 2])


def noise_of(image: Array) -> float:
    """Return the variance of a pixel by white noise, as seen at high frequencies."""
    xp = namespace(image)
    fy, fx = frequencies(image.shape, image)
    frequency = xp.sqrt(fy**2 + fx**2)
    band = xp.astype((frequency > _BAND[0] / 2) & (frequency < _BAND[1] / 2), xp.float32)
    power = xp.abs(rfft2(image)) ** 2
    return float(xp.sum(power * band)) / float(xp.sum(band)) / float(image.shape[0] * image.shape[1])


def _blur(image: Array, width: float) -> Array:
    xp = namespace(image)
    fy, fx = frequencies(image.shape, image)
    filtered = rfft2(image) * xp.exp(-2 * (math.pi * width) ** 2 * (fy**2 + fx**2))
    return irfft2(filtered, image.shape)
