"""Bring a micrograph to the scale of its particles: small, flat, and without what is no field of particles."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.numerics.device import Array, beside, namespace
from tasks.numerics.fourier import bin_image
from tasks.particle_picking.contamination import usable
from tasks.particle_picking.filters import blur_within, noise_of, padded, spread

_CLIP = 4.0
"""Standard deviations beyond which a pixel says no more about a particle than that it is dark or bright."""
_FINENESS = 16
"""Pixels across a particle when it is looked for."""
_FINEST = 24
"""Pixels across the smallest particle, so that the noise of the electrons is seen beside it."""


@dataclass(frozen=True)
class Reduced:
    """A micrograph with pixels as large as the smallest particles allow."""

    image: Array
    """With a mean of 0."""
    usable: npt.NDArray[np.bool_]
    """Where particles can be looked for."""
    noise: float
    """Variance of a pixel by the noise of the electrons alone."""
    pixel_size: float
    """Angstrom."""
    shape: tuple[int, int]
    """Rows and columns before."""


@dataclass(frozen=True)
class Prepared:
    """A micrograph at the scale of its particles, dense material bright."""

    image: Array
    """Flat and clipped, with a border of zeros after the last row and column."""
    usable: npt.NDArray[np.bool_]
    """Where particles can be looked for; without the border."""
    scale: tuple[float, float]
    """Pixels of the micrograph per pixel along x and y."""
    noise: float
    """Variance of a pixel by the noise of the electrons alone."""
    pixel_size: float
    """Angstrom."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns without the border."""
        return self.usable.shape[0], self.usable.shape[1]


def reduce(image: Array, pixel_size: float, diameters: tuple[float, float], contrast: float) -> Reduced:
    """Bin an image for particles of a range of diameters, in angstrom, and find where they can be looked for.

    ``contrast`` is the fraction of the light by which no particle changes an area.
    """
    xp = namespace(image)
    shape = _binned_shape(image.shape, pixel_size, diameters[0] / _FINEST)
    small = bin_image(image, shape)
    small = small - xp.mean(small)
    size, diameter = pixel_size * image.shape[0] / shape[0], math.sqrt(diameters[0] * diameters[1])
    noise = noise_of(_clipped(small - blur_within(small, xp.ones_like(small), diameter / size)))
    allowed = usable(small, size, noise, diameter, contrast)
    return Reduced(small, allowed, noise, size, (image.shape[0], image.shape[1]))


def prepare(reduced: Reduced, diameter: float, *, dark: bool) -> Prepared:
    """Bring an image to the scale of particles of a diameter in angstrom."""
    xp = namespace(reduced.image)
    before = reduced.image.shape
    shape = _binned_shape(before, reduced.pixel_size, diameter / _FINENESS)
    scale = (reduced.shape[1] / shape[1], reduced.shape[0] / shape[0])
    size = reduced.pixel_size * before[0] / shape[0]
    rows, columns = (np.arange(new) * old // new for new, old in zip(shape, before, strict=True))
    allowed = reduced.usable[np.ix_(rows, columns)]
    weights = xp.astype(beside(allowed, reduced.image), reduced.image.dtype)
    small = bin_image(reduced.image, shape)
    flat = _clipped((small - blur_within(small, weights, diameter / size)) * weights)
    canvas = padded(-flat if dark else flat, math.ceil(diameter / size))
    # White noise: binning divides its variance by the number of pixels that become one.
    noise = reduced.noise * (shape[0] * shape[1]) / (before[0] * before[1])
    return Prepared(canvas, allowed, scale, noise, size)


def _clipped(flat: Array) -> Array:
    limit = _CLIP * max(spread(flat), 1e-20)
    return namespace(flat).clip(flat, -limit, limit)


def _binned_shape(shape: tuple[int, ...], pixel_size: float, wanted: float) -> tuple[int, int]:
    """Return the rows and columns of an image of about the pixel size that is wanted; pixels never become smaller."""
    ratio = min(pixel_size / wanted, 1.0)
    return max(round(shape[-2] * ratio), 1), max(round(shape[-1] * ratio), 1)
