"""Sum frames along their motion: tile by tile, each moved as a whole in Fourier space and blended with its neighbours.

Against interpolation between pixels this loses nothing at high frequencies, needs no transform of whole frames, and
moves, weighs and sums at once. Tiles are so small that the motion hardly differs within one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.motion_correction.trajectory import Trajectory
from tasks.numerics.device import Array, namespace, to_host
from tasks.numerics.fourier import irfft2, rfft2

Image = npt.NDArray[np.float32]
_SIZES = (256, 192, 128, 96)
_MARGIN = 8
_TOLERANCE = 0.15


@dataclass(frozen=True)
class Sums:
    """Sums of aligned frames."""

    odd: Image
    """Of the first, the third ... frame, weighted."""
    even: Image
    """Of the second, the fourth ... frame, weighted."""
    unweighted: Image

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.odd + other.odd, self.even + other.even, self.unweighted + other.unweighted)


@dataclass(frozen=True)
class Tiling:
    """How a frame is cut: a core, half a ramp on each side where tiles blend, and a margin that is thrown away."""

    size: int
    ramp: int

    @property
    def core(self) -> int:
        """Distance between tiles in pixels."""
        return self.size - self.ramp - 2 * _MARGIN

    @property
    def before(self) -> int:
        """Pixels of a tile before its core."""
        return self.ramp // 2 + _MARGIN


def choose_tiling(shape: tuple[int, int], slope: float) -> Tiling:
    """Return the largest tiles within which the motion differs little; ``slope`` is its change per pixel."""
    for size in _SIZES:
        tiling = Tiling(size, size // 4)
        if slope * tiling.core / 2 <= _TOLERANCE and size <= max(min(shape), _SIZES[-1]):
            return tiling
    return Tiling(_SIZES[-1], _SIZES[-1] // 4)


def sum_frames(  # noqa: PLR0913 - what is summed, along what, weighted how
    frames: Sequence[npt.NDArray[np.generic]],
    gain: Array,
    trajectory: Trajectory,
    weights: Image | None,
    tiling: Tiling,
    *,
    first: int = 0,
) -> Sums:
    """Sum frames times gain on the device of the gain; ``weights`` are those of each frame for the transform of a tile.

    ``trajectory`` and ``weights`` are those of all frames, of which these are a part from the (even) number ``first``.
    """
    part = slice(first, first + len(frames))
    shape = (int(gain.shape[0]), int(gain.shape[1]))
    sums = np.zeros((3, *shape), np.float32)
    filters = None if weights is None else namespace(gain).asarray(weights[part], device=gain.device)
    for row in range(0, shape[0], tiling.core):
        for column in range(0, shape[1], tiling.core):
            u, v = (
                (start + tiling.core / 2) / length - 0.5
                for start, length in zip((column, row), shape[::-1], strict=True)
            )
            moved = trajectory.at(min(u, 0.5), min(v, 0.5))[part]
            stack, rest = _cut(frames, gain, (row, column), moved, tiling)
            tiles = sum_tile(stack, rest, filters)
            _add(sums, to_host(tiles), (row, column), tiling)
    return Sums(*sums)


def sum_tile(stack: Array, displacements: npt.NDArray[np.float64], filters: Array | None) -> Array:
    """Move the frames of a tile back by their displacements and return the odd, the even and the unweighted sum."""
    xp = namespace(stack)
    size = int(stack.shape[-1])
    transforms = rfft2(stack)
    transforms *= _phases(displacements[:, 1], np.fft.fftfreq(size), stack)[:, :, None]
    transforms *= _phases(displacements[:, 0], np.fft.rfftfreq(size), stack)[:, None, :]
    unweighted = xp.sum(transforms, axis=0)
    if filters is not None:
        transforms *= filters
    odd, even = xp.sum(transforms[0::2, :, :], axis=0), xp.sum(transforms[1::2, :, :], axis=0)
    return irfft2(xp.stack([odd, even, unweighted]), (size, size))


def _phases(displacements: npt.NDArray[np.float64], frequencies: npt.NDArray[np.floating], like: Array) -> Array:
    turned = np.exp(2j * np.pi * displacements[:, None] * frequencies).astype(np.complex64)
    return namespace(like).asarray(turned, device=like.device)


def _cut(
    frames: Sequence[npt.NDArray[np.generic]],
    gain: Array,
    corner: tuple[int, int],
    moved: npt.NDArray[np.float64],
    tiling: Tiling,
) -> tuple[Array, npt.NDArray[np.float64]]:
    """Cut a tile of all frames where it went to whole pixels, and return it with the rest of the displacements."""
    xp = namespace(gain)
    steps = np.rint(moved).astype(int)
    stack = xp.empty((len(frames), tiling.size, tiling.size), dtype=xp.float32, device=gain.device)
    for index, (frame, (x, y)) in enumerate(zip(frames, steps, strict=True)):
        place = (corner[0] - tiling.before + int(y), corner[1] - tiling.before + int(x))
        part, factor = _window(frame, place, tiling.size), _window(gain, place, tiling.size)
        stack[index, :, :] = factor * xp.astype(xp.asarray(part, device=gain.device), xp.float32)
    return stack, moved - steps


def _window(image: Array, corner: tuple[int, int], size: int) -> Array:
    """Cut a square; what lies outside of the image is its mirror image."""
    inner = [min(max(start, 0), int(length) - size) for start, length in zip(corner, image.shape, strict=True)]
    block = image[inner[0] : inner[0] + size, inner[1] : inner[1] + size]
    xp = namespace(image)
    for axis, (start, first) in enumerate(zip(corner, inner, strict=True)):
        if start != first:
            places = _mirrored(np.arange(start, start + size), int(image.shape[axis])) - first
            block = xp.take(block, xp.asarray(np.clip(places, 0, size - 1), device=image.device), axis=axis)
    return block


def _mirrored(places: npt.NDArray[np.intp], length: int) -> npt.NDArray[np.intp]:
    """Turn places outside of a line back inside, as if there were mirrors at its ends."""
    inside = places % (2 * length)
    return np.where(inside < length, inside, 2 * length - 1 - inside)


def _add(sums: Image, tiles: Image, corner: tuple[int, int], tiling: Tiling) -> None:
    """Add the middle of a tile to the sums, falling off linearly where the next one takes over."""
    shape = sums.shape[1:]
    spans, ramps = [], []
    for start, length in zip(corner, shape, strict=True):
        low, high = start - tiling.ramp // 2, start + tiling.core + tiling.ramp // 2
        ramps.append(
            _ramp(tiling, is_first=start == 0, is_last=start + tiling.core >= length)[max(-low, 0) : length - low]
        )
        spans.append((max(low, 0), min(high, length), max(low, 0) - low + _MARGIN))
    (top, bottom, inner_top), (left, right, inner_left) = spans
    part = tiles[:, inner_top : inner_top + bottom - top, inner_left : inner_left + right - left]
    sums[:, top:bottom, left:right] += part * ramps[0][:, None] * ramps[1]


def _ramp(tiling: Tiling, *, is_first: bool, is_last: bool) -> Image:
    """Return the weights of a line through a tile without its margins; those of neighbours add to 1."""
    rising = (np.arange(tiling.ramp, dtype=np.float32) + 0.5) / tiling.ramp
    line = np.ones(tiling.core + tiling.ramp, np.float32)
    if not is_first:
        line[: tiling.ramp] = rising
    if not is_last:
        line[-tiling.ramp :] = rising[::-1]
    return line
