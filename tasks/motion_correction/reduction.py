"""Reduced frames: motion shows in low frequencies, so that a fraction of the pixels is enough to measure it."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from tasks.numerics.device import Array, namespace, to_device


def reduction(pixel_size: float, resolution: float) -> int:
    """Return how many pixels can be summed each way while the resolution stays well inside the band that is left."""
    return max(1, int(resolution / (2 * 1.15 * pixel_size)))


def reduce_frames(
    frames: Iterable[npt.NDArray[np.generic]], gain: npt.NDArray[np.float32], factor: int, device: str
) -> list[Array]:
    """Apply the gain and sum squares of ``factor`` pixels; the mean of each frame becomes 0."""
    factors = to_device(gain, device)
    reduced = []
    for frame in frames:
        image = namespace(factors).astype(to_device(_plain(frame), device), factors.dtype)
        small = sum_squares(image * factors, factor)
        reduced.append(small - namespace(small).mean(small))
    return reduced


def sum_squares(image: Array, factor: int) -> Array:
    """Sum squares of ``factor`` pixels; rows and columns that do not fill one are dropped."""
    if factor == 1:
        return image
    ny, nx = image.shape[0] // factor * factor, image.shape[1] // factor * factor
    rows = sum(image[start:ny:factor, :nx] for start in range(factor))
    return sum(rows[:, start::factor] for start in range(factor))


def _plain(frame: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Give frames the sign of strides and the types that every array library takes."""
    if frame.dtype.itemsize > 1 and frame.dtype != np.float32:
        return np.asarray(frame, np.float32)
    return np.ascontiguousarray(frame)
