"""Global motion at low resolution: whole pixels of strongly reduced frames, wherever the specimen has gone."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tasks.motion_correction.reduction import sum_squares
from tasks.numerics.device import Array, namespace, to_host
from tasks.numerics.fourier import frequencies, irfft2, rfft2

_PASSES = 5
_PIXEL = 6.0
_B_FACTOR = 2000.0
_SMALLEST = 128
_EDGE = 0.1
# Of a heavy-tailed distribution of steps in reduced pixels.
_USUAL_STEP = 3.0
_TAIL = 3.0


def coarse_motion(frames: Sequence[Array], pixel_size: float) -> npt.NDArray[np.float64]:
    """Return the displacement of each frame, shape (frames, 2) as x and y in pixels, relative to their mean.

    Each frame is compared with the sum of the others, as far as those are aligned by then.
    """
    factor = max(1, min(round(_PIXEL / pixel_size), min(frames[0].shape) // _SMALLEST))
    small = [sum_squares(frame, factor) for frame in frames]
    shape = (int(small[0].shape[0]), int(small[0].shape[1]))
    window = namespace(small[0]).asarray(_window(shape), device=small[0].device)
    fy, fx = frequencies(shape, small[0])
    band = _band(fy, fx, pixel_size * factor)
    transforms = [rfft2(frame * window) * band for frame in small]
    found = np.zeros((len(frames), 2))
    for _ in range(_PASSES):
        moved = [_moved(transform, -shift, fy, fx) for transform, shift in zip(transforms, found, strict=True)]
        total = sum(moved)
        xp = namespace(total)
        steps = np.array([_peak(to_host(irfft2(part * xp.conj(total - part), shape))) for part in moved])
        found += steps
        found -= found.mean(axis=0)
        if np.abs(steps).max() < 0.5:
            break
    return np.asarray(found * factor)


def _window(shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Return a window that falls to 0 at the edges, which otherwise correlate with themselves, unmoved."""
    along_y, along_x = (_taper(length, _EDGE) for length in shape)
    return np.asarray(along_y[:, None] * along_x, np.float32)


def _taper(length: int, fraction: float) -> npt.NDArray[np.float64]:
    distance = np.minimum(np.arange(length) + 0.5, length - np.arange(length) - 0.5) / length
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.minimum(distance / fraction, 1)))


def _band(fy: Array, fx: Array, pixel_size: float) -> Array:
    """Pass middle frequencies; the lowest ones are gradients of illumination, which do not move."""
    xp = namespace(fy)
    squared = fy * fy + fx * fx
    high = xp.exp(-squared * (_B_FACTOR / (8 * pixel_size**2)))
    return high * (1 - xp.exp(-squared * 3000))


def _moved(transform: Array, shift: npt.NDArray[np.float64], fy: Array, fx: Array) -> Array:
    """Move the image of a transform by x and y pixels."""
    xp = namespace(transform)
    along_x, along_y = (-2 * xp.pi * float(step) * f for step, f in zip(shift, (fx, fy), strict=True))
    row = xp.astype(xp.cos(along_x) + 1j * xp.sin(along_x), transform.dtype)
    column = xp.astype(xp.cos(along_y) + 1j * xp.sin(along_y), transform.dtype)
    return transform * row * column


def _peak(correlation: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Return x and y of the most probable peak, between the pixels by a parabola.

    The farther away, the higher a peak must be above the noise: without any signal the highest one is anywhere.
    """
    rows, columns = (np.fft.fftfreq(length, 1 / length) for length in correlation.shape)
    height = np.maximum(correlation - correlation.mean(), 0) / max(float(correlation.std()), 1e-30)
    distance = (rows[:, None] ** 2 + columns**2) / _USUAL_STEP**2
    score = height**2 / 2 - _TAIL * np.log1p(distance)
    y, x = np.unravel_index(int(score.argmax()), correlation.shape)
    return _between(correlation[y], int(x)), _between(correlation[:, x], int(y))


def _between(line: npt.NDArray[np.float32], peak: int) -> float:
    """Return the place of the peak of a periodic line, from minus half its length."""
    length = len(line)
    before, at, after = (float(line[(peak + step) % length]) for step in (-1, 0, 1))
    curvature = before - 2 * at + after
    offset = 0.5 * (before - after) / curvature if at > max(before, after) else 0.0
    return (peak + length // 2) % length - length // 2 + offset
