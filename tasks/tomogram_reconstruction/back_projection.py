"""Smear tilt images back through the volume, one plane of constant height after another."""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import array_api_compat
import numpy as np
import scipy.sparse

from tasks.numerics.device import Array, namespace
from tasks.tomogram_reconstruction.resampling import OVERSAMPLING


def planes(images: Array, angles: Sequence[float], shape: tuple[int, int], threads: int = 1) -> Iterator[Array]:
    """Yield the (y, x) planes of a volume of (nz, nx) voxels in z and x from below upwards.

    ``images`` are (tilts, columns, y), each as :func:`upright` returns it, ``angles`` in degree.
    """
    depth, width = shape
    plane_at = _plane_by_matrix if array_api_compat.is_numpy_array(images) else _plane_by_gathering
    heights = [section - depth // 2 for section in range(depth)]
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, depth, threads):
            yield from pool.map(
                lambda height: plane_at(images, angles, height, width), heights[first : first + threads]
            )


def _plane_by_gathering(images: Array, angles: Sequence[float], height: float, width: int) -> Array:
    """Sum what each image shows of a plane, on any device."""
    xp = namespace(images)
    device = array_api_compat.device(images)
    columns = images.shape[1]
    x = xp.arange(width, dtype=xp.float32, device=device) - width // 2
    plane = xp.zeros((width, images.shape[2]), dtype=xp.float32, device=device)
    for number, angle in enumerate(angles):
        place = _places(x, angle, height, columns)
        lower = xp.clip(xp.floor(place), 0, columns - 2)
        share = place - lower
        seen = xp.astype((share >= 0) & (share <= 1), xp.float32)
        index = xp.astype(lower, xp.int64)
        image = images[number, :, :]
        plane += xp.take(image, index, axis=0) * ((1 - share) * seen)[:, None]
        plane += xp.take(image, index + 1, axis=0) * (share * seen)[:, None]
    return xp.permute_dims(plane, (1, 0))


def _plane_by_matrix(images: Array, angles: Sequence[float], height: float, width: int) -> Array:
    """Do the same as one product with a sparse matrix, which passes through memory once."""
    tilts, columns, along = images.shape
    x = np.arange(width, dtype=np.float32) - np.float32(width // 2)
    place = np.stack([_places(x, angle, height, columns) for angle in angles], axis=1)
    lower = np.clip(np.floor(place), 0, columns - 2)
    share = place - lower
    seen = (share >= 0) & (share <= 1)
    shares = np.stack([(1 - share) * seen, share * seen], axis=2, dtype=np.float32)
    first = lower.astype(np.int32) + np.arange(tilts, dtype=np.int32) * columns
    indices = np.stack([first, first + 1], axis=2)
    ends = np.arange(width + 1, dtype=np.int32) * (2 * tilts)
    matrix = scipy.sparse.csr_array((shares.ravel(), indices.ravel(), ends), shape=(width, tilts * columns))
    return (matrix @ images.reshape(tilts * columns, along)).T


def _places(x: Array, angle: float, height: float, columns: int) -> Array:
    """Return where points of a plane are seen in an image, in columns."""
    tilt = math.radians(angle)
    return (x * math.cos(tilt) + (height * math.sin(tilt) + columns // OVERSAMPLING // 2)) * OVERSAMPLING
