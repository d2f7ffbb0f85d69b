"""Fourier transforms and what is done in Fourier space, for the last two axes of an array.

A transform of a real image of (ny, nx) pixels has (ny, nx // 2 + 1) coefficients, unshifted.
"""

import math

import array_api_compat
import scipy.fft

from tasks.numerics.device import Array, namespace


def rfft2(image: Array) -> Array:
    """Transform real images; single precision stays single."""
    if array_api_compat.is_numpy_array(image):
        # NumPy's own transform is slower and holds the interpreter lock for longer.
        return scipy.fft.rfft2(image)
    return namespace(image).fft.rfftn(image, axes=(-2, -1))


def irfft2(transform: Array, shape: tuple[int, int]) -> Array:
    """Transform back to real images of (ny, nx) pixels."""
    if array_api_compat.is_numpy_array(transform):
        return scipy.fft.irfft2(transform, s=shape)
    return namespace(transform).fft.irfftn(transform, s=shape, axes=(-2, -1))


def frequencies(shape: tuple[int, int], like: Array) -> tuple[Array, Array]:
    """Return the y (ny, 1) and x (1, nx // 2 + 1) frequencies in cycles per pixel, on the device of an array."""
    xp = namespace(like)
    device = array_api_compat.device(like)
    fy = xp.fft.fftfreq(shape[0], device=device)
    fx = xp.fft.rfftfreq(shape[1], device=device)
    return xp.astype(fy, xp.float32)[:, None], xp.astype(fx, xp.float32)[None, :]


def crop(transform: Array, shape: tuple[int, int]) -> Array:
    """Cut a transform to the coefficients of a smaller image of (ny, nx) pixels: binning without aliasing.

    The mean of the image is kept by scaling with the ratio of the sizes, which needs the original width: use
    :func:`bin_image` for images.
    """
    xp = namespace(transform)
    ny, nx = shape
    upper, lower = (ny + 1) // 2, ny // 2
    rows = xp.concat([transform[..., :upper, :], transform[..., transform.shape[-2] - lower :, :]], axis=-2)
    return rows[..., : nx // 2 + 1]


def bin_image(image: Array, shape: tuple[int, int]) -> Array:
    """Bin images to (ny, nx) pixels by cropping in Fourier space; the mean stays."""
    scale = (shape[0] * shape[1]) / (image.shape[-2] * image.shape[-1])
    return irfft2(crop(rfft2(image), shape) * scale, shape)


def shift(transform: Array, displacement: tuple[float, float], shape: tuple[int, int]) -> Array:
    """Move the image of a transform by (x, y) pixels."""
    xp = namespace(transform)
    fy, fx = frequencies(shape, transform)
    angle = -2 * xp.pi * (fx * displacement[0] + fy * displacement[1])
    return transform * (xp.cos(angle) + 1j * xp.sin(angle))


def rfft(array: Array, axis: int) -> Array:
    """Transform a real array along one axis; single precision stays single."""
    if array_api_compat.is_numpy_array(array):
        return scipy.fft.rfft(array, axis=axis)
    return namespace(array).fft.rfft(array, axis=axis)


def irfft(transform: Array, length: int, axis: int) -> Array:
    """Transform back to a real array of a length along one axis, adding zeros where it is longer."""
    if array_api_compat.is_numpy_array(transform):
        return scipy.fft.irfft(transform, n=length, axis=axis)
    return namespace(transform).fft.irfft(transform, n=length, axis=axis)


def rfft3(volume: Array) -> Array:
    """Transform real volumes over the last three axes; single precision stays single."""
    if array_api_compat.is_numpy_array(volume):
        return scipy.fft.rfftn(volume, axes=(-3, -2, -1))
    return namespace(volume).fft.rfftn(volume, axes=(-3, -2, -1))


def irfft3(transform: Array, shape: tuple[int, int, int]) -> Array:
    """Transform back to real volumes of (nz, ny, nx) voxels."""
    if array_api_compat.is_numpy_array(transform):
        return scipy.fft.irfftn(transform, s=shape, axes=(-3, -2, -1))
    return namespace(transform).fft.irfftn(transform, s=shape, axes=(-3, -2, -1))


def even_length(length: float) -> int:
    """Return the next even length that transforms fast."""
    found = scipy.fft.next_fast_len(math.ceil(length), real=True)
    while found % 2:
        found = scipy.fft.next_fast_len(found + 1, real=True)
    return int(found)
