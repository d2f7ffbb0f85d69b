"""Bring the images of particles to one scale: bin them, and make their background even, with mean 0 and deviation 1."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tasks.numerics.device import Array, beside, namespace
from tasks.numerics.fourier import bin_image


@dataclass(frozen=True)
class Background:
    """The pixels of square images outside a circle about the centre pixel."""

    size: int
    """Side of the images in pixels."""
    radius: float
    """Of the circle, in pixels."""

    @cached_property
    def _grid(self) -> npt.NDArray[np.float64]:
        """The terms of a plane, (3, size * size): 1, x and y from the centre, in halves of the side."""
        axis = (np.arange(self.size) - self.size // 2) / (self.size / 2)
        y, x = np.meshgrid(axis, axis, indexing="ij")
        return np.stack([np.ones(y.size), x.ravel(), y.ravel()])

    @cached_property
    def outside(self) -> npt.NDArray[np.int64]:
        """Flat indices of the pixels of the background."""
        return np.flatnonzero(np.hypot(*self._grid[1:]) * self.size / 2 > self.radius)

    @cached_property
    def fit(self) -> npt.NDArray[np.float32]:
        """(pixels of the background, 3): their values times this are the terms of the plane that fits them best."""
        return np.linalg.pinv(self._grid[:, self.outside]).astype(np.float32)

    @cached_property
    def planes(self) -> npt.NDArray[np.float32]:
        """(3, size * size): terms of a plane times this are its values in all pixels."""
        return self._grid.astype(np.float32)


def binned(images: Array, size: int) -> Array:
    """Bin square images to a side in pixels; their centre pixel stays the centre pixel."""
    return images if images.shape[-1] == size else bin_image(images, (size, size))


def normalised(images: Array, background: Background, dust: float | None) -> Array:
    """Subtract the plane of the background, remove dust, and scale the background to mean 0 and deviation 1.

    ``dust``: pixels that many standard deviations from the background become background; none leaves all as they are.
    """
    xp = namespace(images)
    flat = xp.reshape(images, (images.shape[0], -1))
    outside, fit, planes = (beside(part, flat) for part in (background.outside, background.fit, background.planes))
    flat = flat - xp.take(flat, outside, axis=1) @ fit @ planes
    if dust is not None:
        flat = _without_dust(flat, outside, dust)
    mean, deviation = _statistics(xp.take(flat, outside, axis=1))
    return xp.reshape((flat - mean) / deviation, images.shape)


def _without_dust(flat: Array, outside: Array, dust: float) -> Array:
    """Replace pixels far from the background by noise like that of the background."""
    xp = namespace(flat)
    mean, deviation = _statistics(xp.take(flat, outside, axis=1))
    # The same noise for all images and all runs: a result must be reproducible.
    noise = np.random.default_rng(0).standard_normal(flat.shape[1]).astype(np.float32)
    return xp.where(xp.abs(flat - mean) > dust * deviation, mean + deviation * beside(noise, flat), flat)


def _statistics(values: Array) -> tuple[Array, Array]:
    """Return mean and standard deviation of each row as columns; an even row has the deviation 1."""
    xp = namespace(values)
    mean = xp.mean(values, axis=1, keepdims=True)
    deviation = xp.std(values, axis=1, keepdims=True)
    return mean, xp.where(deviation > 0, deviation, xp.ones_like(deviation))
