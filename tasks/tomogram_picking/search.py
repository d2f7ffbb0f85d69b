"""Where a volume looks like the centre of a ball."""

import math
from itertools import product

import numpy as np
import numpy.typing as npt
import scipy.fft

from tasks.numerics.device import to_device, to_host
from tasks.numerics.fourier import irfft3, rfft3

Volume = npt.NDArray[np.float32]

_BLOCK = 192
"""Voxels along a side that are looked at together, for the sake of memory."""
_SURROUND = 1.4
"""Radius of the surroundings of a ball, in radii of the ball."""


def resemblance(volume: Volume, radius: float, device: str) -> Volume:
    """Return how much brighter each neighbourhood of a radius in voxels is than what surrounds it."""
    found = np.empty_like(volume)
    border = math.ceil(_SURROUND * radius) + 1
    for block in product(*(_parts(length) for length in volume.shape)):
        lows = [max(part.start - border, 0) for part in block]
        around = tuple(slice(low, part.stop + border) for low, part in zip(lows, block, strict=True))
        inner = tuple(slice(part.start - low, part.stop - low) for low, part in zip(lows, block, strict=True))
        found[block] = _scores(volume[around], radius, border, device)[inner]
    return found


def _parts(length: int) -> list[slice]:
    return [slice(start, min(start + _BLOCK, length)) for start in range(0, length, _BLOCK)]


def _scores(volume: Volume, radius: float, border: int, device: str) -> Volume:
    shape = _quick(volume.shape, border)
    wider = np.zeros(shape, np.float32)
    wider[tuple(slice(0, length) for length in volume.shape)] = volume
    seen, wanted = (rfft3(to_device(values, device)) for values in (wider, ball(radius, shape)))
    return to_host(irfft3(seen * wanted, shape))


def ball(radius: float, shape: tuple[int, int, int]) -> Volume:
    """Draw an even ball in even surroundings about the first voxel of a volume that wraps around; its mean is 0."""
    squares = [np.fft.fftfreq(length, 1 / length).astype(np.float32) ** 2 for length in shape]
    distance = np.sqrt(squares[0][:, None, None] + squares[1][:, None] + squares[2])
    inside = np.clip(radius - distance + 0.5, 0, 1)
    around = np.clip(_SURROUND * radius - distance + 0.5, 0, 1) - inside
    return np.asarray(inside / inside.sum() - around / around.sum(), np.float32)


def _quick(shape: tuple[int, ...], border: int) -> tuple[int, int, int]:
    """Return lengths of quick transforms that leave a border."""
    deep, rows, columns = (int(scipy.fft.next_fast_len(length + border, real=True)) for length in shape)
    return deep, rows, columns
