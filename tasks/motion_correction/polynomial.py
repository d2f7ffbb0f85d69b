"""The smooth model of local motion: third order in time, second order in space, as RELION's.

A coefficient belongs to a spatial term and a power of the time z (the number of the frame, from 0), which runs faster.
The coordinates x and y run from -0.5 to 0.5 over the frame. The model is zero in the first frame.
"""

import numpy as np
import numpy.typing as npt

Coefficients = npt.NDArray[np.float64]
"""(2, 18): of x and of y, in pixels."""

POWERS = np.array([1, 2, 3] * 6)
"""Power of the time of each coefficient."""
TERMS = len(POWERS)


def spatial_terms(x: npt.ArrayLike, y: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return 1, x, x squared, y, y squared and xy along a new last axis."""
    x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
    return np.stack([np.ones_like(x), x, x * x, y, y * y, x * y], axis=-1)


def basis(x: npt.ArrayLike, y: npt.ArrayLike, frames: int) -> npt.NDArray[np.float64]:
    """Return the terms of the model, shape (frames, *points, 18)."""
    space = spatial_terms(x, y).repeat(3, axis=-1)
    times = np.arange(frames)[:, None] ** POWERS
    return np.asarray(times.reshape(frames, *([1] * (space.ndim - 1)), TERMS) * space)


def evaluate(coefficients: Coefficients, x: npt.ArrayLike, y: npt.ArrayLike, frames: int) -> npt.NDArray[np.float64]:
    """Return the model's x and y in pixels, shape (frames, *points, 2)."""
    return basis(x, y, frames) @ coefficients.T


def project(courses: npt.NDArray[np.float64]) -> Coefficients:
    """Return the coefficients that follow spatial coefficients in each frame, shape (frames, 2, 6), best.

    What all frames have in common at a place is left free, for it does not blur.
    """
    frames = len(courses)
    last = max(frames - 1, 1)
    times = (np.arange(frames)[:, None] / last) ** np.arange(4)
    powers = np.linalg.lstsq(times, courses.reshape(frames, -1), rcond=None)[0][1:]
    powers /= float(last) ** np.arange(1, 4)[:, None]
    return np.asarray(np.moveaxis(powers.reshape(3, 2, -1), 0, -1).reshape(2, TERMS))
