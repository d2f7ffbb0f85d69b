"""Power spectrum of short groups of frames, on which Thon rings show best.

Within a group the specimen hardly moves, so that frames are aligned to whole pixels; what that blurs is an envelope,
and leaves the rings where they are.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from tasks.numerics.device import Array, namespace, to_host
from tasks.numerics.fourier import rfft2

_SIZE = 512
_STEP = 0.75
_DOSE = 4.0


def group_length(dose_per_frame: float, frames: int) -> int:
    """Return how many frames have together a dose that shows Thon rings: 4 electron per square angstrom."""
    return max(1, min(frames, round(_DOSE / dose_per_frame))) if dose_per_frame > 0 else 1


def group_spectrum(
    frames: Iterable[npt.NDArray[np.generic]],
    gain: Array,
    displacements: npt.NDArray[np.float64],
    length: int,
    binning: float = 1.0,
) -> npt.NDArray[np.float32]:
    """Return the amplitude spectrum of groups of frames, (512, 512) with frequency 0 at pixel 256.

    It is the root of the mean power. It reaches the Nyquist frequency of the micrograph, whose pixels are ``binning``
    times those of the frames.
    """
    size = min(round(_SIZE * binning / 2) * 2, min(int(length) for length in gain.shape) // 2 * 2)
    total = sum(_power(group, size) for group in _groups(frames, gain, np.rint(displacements).astype(int), length))
    return _centred(np.sqrt(to_host(total)), size)


def _groups(
    frames: Iterable[npt.NDArray[np.generic]], gain: Array, steps: npt.NDArray[np.intp], length: int
) -> Iterator[Array]:
    """Sum groups of frames, moved by whole pixels relative to the first one of the group."""
    xp = namespace(gain)
    group, start = None, steps[0]
    for number, frame in enumerate(frames):
        image = gain * xp.astype(xp.asarray(np.ascontiguousarray(frame), device=gain.device), xp.float32)
        if group is None:
            group, start = image, steps[number]
        else:
            x, y = (int(step) for step in start - steps[number])
            group += xp.roll(image, (y, x), axis=(0, 1)) if x or y else image
        if (number + 1) % length == 0 or number + 1 == len(steps):
            yield group
            group = None


def _power(image: Array, size: int) -> Array:
    """Return the mean power of overlapping tiles of an image."""
    xp = namespace(image)
    along = np.sin(np.pi * (np.arange(size) + 0.5) / size).astype(np.float32)
    window = xp.asarray(along[:, None] * along, device=image.device)
    total, count = xp.zeros((size, size // 2 + 1), dtype=xp.float32, device=image.device), 0
    tops, lefts = (_starts(int(length), size) for length in image.shape)
    for top in tops:
        for left in lefts:
            tile = image[top : top + size, left : left + size]
            transform = rfft2((tile - xp.mean(tile)) * window)
            total += xp.real(transform) ** 2 + xp.imag(transform) ** 2
            count += 1
    return total / (count * size * size)


def _starts(length: int, size: int) -> list[int]:
    count = max(1, round((length - size) / (size * _STEP)) + 1)
    return [round(start) for start in np.linspace(0, length - size, count)]


def _centred(half: npt.NDArray[np.float32], size: int) -> npt.NDArray[np.float32]:
    """Complete a spectrum of real images and cut the middle out of it."""
    full = np.zeros((size, size), np.float32)
    full[:, : size // 2 + 1] = half
    others = np.arange(1, size // 2)
    full[:, size - others] = half[(-np.arange(size)) % size][:, others]
    shifted = np.fft.fftshift(full)
    first = max((size - _SIZE) // 2, 0)
    return np.ascontiguousarray(shifted[first : first + _SIZE, first : first + _SIZE])
