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


def steepest(coefficients: Coefficients, frames: int) -> float:
    """Return the largest difference that any frame shows over a tenth of the frame's width, in pixels."""
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 11), np.linspace(-0.5, 0.5, 11))
    field = evaluate(coefficients, x, y, frames)
    along_x, along_y = np.diff(field, axis=2), np.diff(field, axis=1)
    return float(max(np.hypot(*np.moveaxis(part, -1, 0)).max() for part in (along_x, along_y)))
