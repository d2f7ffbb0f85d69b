"""Bring a micrograph to the scale of its particles: small, flat, and in units of its noise."""

import math
from dataclasses import dataclass

import scipy.fft

from tasks.numerics.device import Array, namespace
from tasks.numerics.fourier import bin_image, frequencies, irfft2, rfft2

_CLIP = 4.0
"""Standard deviations beyond which a pixel says no more about a particle than that it is dark or bright."""
_BAND = (0.7, 0.95)
"""Frequencies, as fractions of the highest one, at which images hold little but the noise of the electrons."""


@dataclass(frozen=True)
class Prepared:
    """A micrograph at the scale of its particles, dense material bright."""

    image: Array
    """Flat and clipped, with a border of zeros after the last row and column."""
    raw: Array
    """Flat but not clipped, without the border."""
    scale: tuple[float, float]
    """Pixels of the micrograph per pixel along y and x."""
    noise: float
    """Variance of a pixel by the noise of the electrons alone."""
    pixel_size: float
    """Angstrom, after binning."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns without the border."""
        return self.raw.shape[0], self.raw.shape[1]


def prepare(image: Array, pixel_size: float, binned_size: float, smooth: float, sign: int) -> Prepared:
    """Bin an image to pixels of about ``binned_size`` and take away what varies more slowly than ``smooth``.

    Sizes in angstrom; ``sign`` is -1 if particles are dark.
    """
    small = bin_image(image, binned_shape(image.shape, pixel_size, binned_size))
    scale = (image.shape[0] / small.shape[0], image.shape[1] / small.shape[1])
    size = pixel_size * math.sqrt(scale[0] * scale[1])
    flat = sign * flatten(small, smooth / size)
    deviation = spread(flat)
    clipped = namespace(flat).clip(flat / deviation, -_CLIP, _CLIP)
    border = math.ceil(smooth / size)
    canvas = _padded(clipped, border)
    return Prepared(canvas, flat / deviation, scale, noise_of(clipped), size)


def binned_shape(shape: tuple[int, ...], pixel_size: float, binned_size: float) -> tuple[int, int]:
    """Return the rows and columns of an image of larger pixels; pixels never become smaller."""
    ratio = min(pixel_size / binned_size, 1.0)
    return max(round(shape[-2] * ratio), 1), max(round(shape[-1] * ratio), 1)


def flatten(image: Array, width: float) -> Array:
    """Subtract from each pixel the mean of its neighbourhood: a Gaussian of a width in pixels."""
    xp = namespace(image)
    weights = xp.ones_like(image)
    total = blur(_padded(image - xp.mean(image), math.ceil(3 * width)), width)
    count = blur(_padded(weights, math.ceil(3 * width)), width)
    rows, columns = image.shape
    return image - xp.mean(image) - total[:rows, :columns] / count[:rows, :columns]


def blur(image: Array, width: float) -> Array:
    """Convolve an image with a Gaussian of a width (standard deviation) in pixels; it wraps around."""
    xp = namespace(image)
    fy, fx = frequencies(image.shape, image)
    filtered = rfft2(image) * xp.exp(-2 * (math.pi * width) ** 2 * (fy**2 + fx**2))
    return irfft2(filtered, image.shape)


def spread(image: Array) -> float:
    """Return the standard deviation of the values near the median, which outliers hardly change."""
    xp = namespace(image)
    ordered = xp.sort(xp.reshape(xp.abs(image - _median(image)), (-1,)))
    return 1.4826 * float(ordered[ordered.shape[0] // 2])


def noise_of(image: Array) -> float:
    """Return the variance of a pixel by white noise, as seen at high frequencies."""
    xp = namespace(image)
    fy, fx = frequencies(image.shape, image)
    frequency = xp.sqrt(fy**2 + fx**2)
    band = xp.astype((frequency > _BAND[0] / 2) & (frequency < _BAND[1] / 2), xp.float32)
    power = xp.abs(rfft2(image)) ** 2
    return float(xp.sum(power * band) / xp.sum(band)) / float(image.shape[0] * image.shape[1])


def _median(image: Array) -> float:
    xp = namespace(image)
    ordered = xp.sort(xp.reshape(image, (-1,)))
    return float(ordered[ordered.shape[0] // 2])


def _padded(image: Array, border: int) -> Array:
    """Add zeros after the last row and column, at least ``border`` of them, to a size of quick transforms."""
    xp = namespace(image)
    rows, columns = (scipy.fft.next_fast_len(length + border, real=True) for length in image.shape)
    wider = xp.concat([image, xp.zeros((image.shape[0], columns - image.shape[1]), dtype=image.dtype)], axis=1)
    return xp.concat([wider, xp.zeros((rows - image.shape[0], columns), dtype=image.dtype)], axis=0)
