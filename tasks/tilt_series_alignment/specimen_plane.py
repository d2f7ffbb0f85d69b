"""See the specimen from above: undo the foreshortening and displacement of a tilted image."""

from typing import Any

import array_api_compat
import numpy as np
import numpy.typing as npt

from tasks.numerics.device import Array, namespace
from tasks.tilt_series_alignment.geometry import Geometry
from tasks.tilt_series_alignment.preparation import Prepared

_EDGE = 0.04


def unfold(prepared: Prepared, geometry: Geometry, index: int, width: int | None = None) -> tuple[Array, Array]:
    """Return an image sampled in the plane of the specimen (size, width), and how far the image covers it (0 to 1).

    The width, across the axis, is the size by default. What is high in the specimen is seen far from its place at large
    tilts: only a wider plane holds it.
    """
    image = prepared.images[index, ...]
    x, y = _positions(prepared, geometry, index, width or prepared.size)
    xp = namespace(image)
    ny, nx = image.shape
    margin = xp.minimum(xp.minimum(x, nx - 1 - x), xp.minimum(y, ny - 1 - y))
    cover = xp.clip(margin / (_EDGE * prepared.size), 0.0, 1.0)
    return interpolate(image, x, y) * cover, cover


def _positions(prepared: Prepared, geometry: Geometry, index: int, width: int) -> tuple[Array, Array]:
    """Return the pixels of an image that show the points of the plane."""
    across = (np.arange(width) - width // 2)[None, :] * geometry.cosines[index]
    along = (np.arange(prepared.size) - prepared.size // 2)[:, None]
    turn, (dx, dy) = geometry.rotation, geometry.displacements[index]
    x = (turn[0, 0] * across + turn[0, 1] * along + dx) * prepared.scale[0] + prepared.centre[0]
    y = (turn[1, 0] * across + turn[1, 1] * along + dy) * prepared.scale[1] + prepared.centre[1]
    return beside(prepared.images, x), beside(prepared.images, y)


def beside(like: Array, values: npt.NDArray[Any]) -> Array:
    """Put values, in single precision, on the device of another array."""
    if array_api_compat.is_numpy_array(like):
        return values.astype(np.float32, copy=False)
    return namespace(like).asarray(values.astype(np.float32), device=array_api_compat.device(like))


def interpolate(image: Array, x: Array, y: Array) -> Array:
    """Sample an image at pixels x and y by cubic convolution (Keys 1981, doi:10.1109/TASSP.1981.1163711).

    Outside the image its edge is repeated.
    """
    xp = namespace(image)
    ny, nx = image.shape
    left, low = xp.floor(x), xp.floor(y)
    flat = xp.reshape(image, (-1,))
    columns = [xp.astype(xp.clip(left + tap, 0, nx - 1), xp.int64) for tap in (-1, 0, 1, 2)]
    horizontal, vertical = _cubic_weights(x - left), _cubic_weights(y - low)
    result = xp.zeros_like(x)
    for tap, weight in zip((-1, 0, 1, 2), vertical, strict=True):
        row = xp.astype(xp.clip(low + tap, 0, ny - 1), xp.int64) * nx
        line = sum(
            share * xp.reshape(xp.take(flat, xp.reshape(row + column, (-1,))), x.shape)
            for share, column in zip(horizontal, columns, strict=True)
        )
        result = result + weight * line
    return result


def _cubic_weights(t: Array) -> tuple[Array, Array, Array, Array]:
    """Return the weights of the samples at -1, 0, 1 and 2 for a point at a fraction t between 0 and 1."""
    return (
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )
