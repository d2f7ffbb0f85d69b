"""Turn a tilt image so that the tilt axis is upright, and filter it across the axis.

The image is turned by quarter turns, which are exact, and by three shears, each a Fourier shift of rows or columns, so
that nothing is lost by interpolation.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import array_api_compat
import scipy.fft

from tasks.models import Shift
from tasks.numerics.device import Array, namespace
from tasks.numerics.fourier import irfft, rfft

OVERSAMPLING = 2
"""Points per voxel across the tilt axis: between them back-projection interpolates linearly."""


@dataclass(frozen=True)
class Pose:
    """How an image must be turned: the direction of the tilt axis, and where the specimen's centre is, in pixels."""

    axis_angle: float
    centre: Shift


@dataclass(frozen=True)
class Canvas:
    """The pixels along the tilt axis and across it on which images are turned, and the rows that are kept."""

    rows: int
    columns: int
    kept: int


def canvas(shape: tuple[int, int], kept: int, poses: Sequence[Pose]) -> Canvas:
    """Return a canvas on which images of one shape can be turned without running into themselves."""
    turned = [_quarter_turned(shape, pose) for pose in poses]
    across = max(abs(math.sin(angle)) * columns for _, columns, angle, _ in turned)
    drift_y = max(abs(y - rows // 2) for rows, _, _, (_, y) in turned)
    drift_x = max(abs(x - columns // 2) for _, columns, _, (x, _) in turned)
    height, width = turned[0][:2]
    rows = scipy.fft.next_fast_len(math.ceil(max(height, kept) + across + 2 * min(drift_y, height)), real=True)
    sheared = max(abs(math.tan(angle / 2)) for _, _, angle, _ in turned) * 2 * rows
    columns = scipy.fft.next_fast_len(math.ceil(1.1 * width + sheared + 2 * min(drift_x, width)) + 16, real=True)
    return Canvas(rows + rows % 2, columns + columns % 2, kept)


def upright(image: Array, pose: Pose, space: Canvas, weights: Array) -> Array:
    """Return the (columns * OVERSAMPLING, kept) image with the tilt axis along the last axis, weighted across it."""
    turned, angle, centre = quarter_turn(image, pose)
    placed = _place(turned, space)
    offset_y = (space.rows - turned.shape[0]) // 2
    offset_x = (space.columns - turned.shape[1]) // 2
    x, y = centre[0] + offset_x, centre[1] + offset_y
    shear, rise = -math.tan(angle / 2), math.sin(angle)
    middle_row, middle_column = space.rows // 2, space.columns // 2
    sheared = _shift(placed, shear, x - middle_column - shear * y, axis=-1)
    raised = _shift(sheared, rise, y - middle_row - rise * middle_column, axis=-2)
    first = middle_row - space.kept // 2
    rows = raised[first : first + space.kept, :]
    spectrum = rfft(rows, -1) * _phases(rows, shear, shear * (first - middle_row), -1) * weights[None, :]
    fine = irfft(spectrum, space.columns * OVERSAMPLING, -1) * OVERSAMPLING
    return namespace(image).permute_dims(fine, (1, 0))


def quarter_turn(image: Array, pose: Pose) -> tuple[Array, float, Shift]:
    """Turn an image by quarter turns until the axis is within 45 degree of the columns; return it with what is left."""
    xp = namespace(image)
    for _ in range(round(pose.axis_angle / 90) % 4):
        image = xp.flip(xp.permute_dims(image, (1, 0)), axis=0)
    shape = (image.shape[0], image.shape[1])
    if round(pose.axis_angle / 90) % 2:
        shape = (shape[1], shape[0])
    _, _, angle, centre = _quarter_turned(shape, pose)
    return image, angle, centre


def _quarter_turned(shape: tuple[int, int], pose: Pose) -> tuple[int, int, float, Shift]:
    """Return rows, columns, remaining angle (radian) and centre after the quarter turns of an image."""
    rows, columns = shape
    x, y = pose.centre
    turns = round(pose.axis_angle / 90)
    for _ in range(turns % 4):
        x, y = y, columns - 1 - x
        rows, columns = columns, rows
    return rows, columns, math.radians(pose.axis_angle - 90 * turns), (x, y)


def _place(image: Array, space: Canvas) -> Array:
    """Put an image in the middle of the canvas; beyond its edges it fades to zero."""
    tall = _extend(image, space.rows)
    xp = namespace(image)
    return xp.permute_dims(_extend(xp.permute_dims(tall, (1, 0)), space.columns), (1, 0))


def _extend(image: Array, length: int) -> Array:
    xp = namespace(image)
    before = (length - image.shape[0]) // 2
    after = length - image.shape[0] - before
    low = xp.flip(_fade(before, image), axis=0) * image[:1, :]
    high = _fade(after, image) * image[-1:, :]
    return xp.concat([low, image, high], axis=0)


def _fade(length: int, like: Array) -> Array:
    xp = namespace(like)
    steps = xp.arange(1, length + 1, dtype=xp.float32, device=array_api_compat.device(like))
    return (0.5 + 0.5 * xp.cos(steps * (math.pi / (length + 1))))[:, None]


def _shift(image: Array, slope: float, intercept: float, axis: int) -> Array:
    """Take each line of an image from (slope * its number + intercept) pixels further along an axis."""
    return irfft(rfft(image, axis) * _phases(image, slope, intercept, axis), image.shape[axis], axis)


def _phases(image: Array, slope: float, intercept: float, axis: int) -> Array:
    """Return the factors that shift lines along an axis (-1 or -2) of an image."""
    xp = namespace(image)
    device = array_api_compat.device(image)
    length, lines = image.shape[axis], image.shape[-3 - axis]
    frequencies = xp.arange(length // 2 + 1, dtype=xp.float32, device=device) * (2 * math.pi / length)
    shifts = xp.arange(lines, dtype=xp.float32, device=device) * slope + intercept
    angles = shifts[:, None] * frequencies[None, :] if axis == -1 else frequencies[:, None] * shifts[None, :]
    return xp.cos(angles) + 1j * xp.sin(angles)
