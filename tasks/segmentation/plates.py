"""How much the surroundings of each voxel look like a thin dark sheet.

The second derivative across a sheet tells it from its surroundings, but in noise nearly everything looks like a sheet
somewhere. So the direction across is found from a wider neighbourhood, and the second derivative in that direction is
averaged over a disc in the plane: a sheet goes on there, noise and compact particles do not.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tasks.numerics.device import Array, beside, namespace
from tasks.numerics.fourier import irfft3, rfft3
from tasks.numerics.tensors import Tensors, Vectors, along, axes, eigenvalues, squared

MARGIN = 26
"""Voxels around a block that its scores depend on, with the widths below."""
_RINGS = ((0.0, 1), (0.45, 6), (0.9, 12))
"""Radii of points on the disc, as shares of its own, and how many there are."""
_SMALLEST = 1e-30
_DISTINCT = 0.5
"""Least second derivative of a voxel that is looked at, in standard deviations."""


@dataclass(frozen=True)
class Widths:
    """What is looked for, in voxels."""

    sheet: float = 1.0
    """Standard deviation of the Gaussian across a sheet."""
    neighbourhood: float = 4.0
    """Standard deviation of the Gaussian in which its direction is found."""
    disc: float = 8.0
    """Radius of the disc on which it must go on."""


def plate_scores(volume: Array, widths: Widths) -> Array:
    """Return how much each voxel belongs to a dark sheet: the mean second derivative times how flat its place is."""
    xp = namespace(volume)
    curvatures = second_derivatives(volume, widths.sheet)
    shape = smoothed(squared(curvatures), widths.neighbourhood)
    largest, middle, smallest = eigenvalues(shape)
    across = axes(shape, largest)
    here = along(curvatures, across)
    distinct = here > _DISTINCT * xp.std(here)
    flatness = ((largest - middle) / xp.clip(largest + middle + smallest, _SMALLEST, None))[distinct]
    scores = xp.zeros_like(here)
    scores[distinct] = _mean_on_discs(curvatures, distinct, across, widths.disc) * flatness
    return scores


def second_derivatives(volume: Array, width: float) -> Tensors:
    """Return the second derivatives of a volume smoothed by a Gaussian, times the square of its width."""
    fz, fy, fx = _frequencies(volume)
    transform = rfft3(volume) * _gaussian(volume, width) * -((2 * math.pi * width) ** 2)
    shape = tuple(volume.shape)
    zz, yy, xx, zy, zx, yx = (
        irfft3(transform * (first * second), shape)
        for first, second in ((fz, fz), (fy, fy), (fx, fx), (fz, fy), (fz, fx), (fy, fx))
    )
    return zz, yy, xx, zy, zx, yx


def smoothed(field: Tensors, width: float) -> Tensors:
    """Return a field smoothed by a Gaussian."""
    window, shape = _gaussian(field[0], width), tuple(field[0].shape)
    zz, yy, xx, zy, zx, yx = (irfft3(rfft3(component) * window, shape) for component in field)
    return zz, yy, xx, zy, zx, yx


def _mean_on_discs(curvatures: Tensors, chosen: Array, across: Vectors, radius: float) -> Array:
    """Return the mean second derivative across, of points on a disc about each chosen voxel."""
    xp = namespace(chosen)
    places = [xp.astype(index, xp.float32) for index in xp.nonzero(chosen)]
    normal = _three([component[chosen] for component in across])
    first, second = _plane(normal)
    flat = [xp.reshape(component, (-1,)) for component in curvatures]
    total, points = xp.zeros_like(places[0]), list(_points(radius))
    for u, v in points:
        moved = [place + u * a + v * b for place, a, b in zip(places, first, second, strict=True)]
        index = _flat_index(moved, chosen.shape)
        zz, yy, xx, zy, zx, yx = (xp.take(component, index) for component in flat)
        total = total + along((zz, yy, xx, zy, zx, yx), normal)
    return total / len(points)


def _points(radius: float) -> Iterator[tuple[float, float]]:
    for share, count in _RINGS:
        for number in range(count):
            angle = 2 * math.pi * number / count
            yield radius * share * math.cos(angle), radius * share * math.sin(angle)


def _plane(normal: Vectors) -> tuple[Vectors, Vectors]:
    """Return two unit vectors that are perpendicular to each other and to a third one."""
    z, y, x = normal
    xp = namespace(z)
    # The product with the z axis, or where that is nearly the normal, with the x axis.
    steep = xp.abs(z) > 0.7
    a = _unit((xp.where(steep, y, xp.zeros_like(z)), xp.where(steep, -z, -x), xp.where(steep, xp.zeros_like(z), y)))
    return a, _three([y * a[2] - x * a[1], x * a[0] - z * a[2], z * a[1] - y * a[0]])


def _unit(vector: Vectors) -> Vectors:
    xp = namespace(vector[0])
    length = xp.sqrt(xp.clip(sum(component * component for component in vector), _SMALLEST, None))
    return _three([component / length for component in vector])


def _flat_index(places: list[Array], shape: tuple[int, ...]) -> Array:
    xp = namespace(places[0])
    z, y, x = (
        xp.astype(xp.clip(xp.round(place), 0, length - 1), xp.int64)
        for place, length in zip(places, shape, strict=True)
    )
    return (z * shape[1] + y) * shape[2] + x


def _gaussian(like: Array, width: float) -> Array:
    fz, fy, fx = _frequencies(like)
    return namespace(like).exp(-2 * (math.pi * width) ** 2 * (fz * fz + fy * fy + fx * fx))


def _frequencies(like: Array) -> Vectors:
    nz, ny, nx = like.shape
    steps = (np.fft.fftfreq(nz)[:, None, None], np.fft.fftfreq(ny)[None, :, None], np.fft.rfftfreq(nx)[None, None, :])
    return _three([beside(step.astype(np.float32), like) for step in steps])


def _three(components: list[Array]) -> Vectors:
    z, y, x = components
    return z, y, x
