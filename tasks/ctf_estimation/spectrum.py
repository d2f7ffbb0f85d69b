"""Average the power spectra of tiles."""

import numpy as np
import numpy.typing as npt

from tasks.ctf_estimation.tiles import Tiling
from tasks.numerics.device import Array, namespace, to_host
from tasks.numerics.fourier import crop, frequencies, rfft2

_BLANK = 1e-7
"""Power of a tile, as a fraction of the image's, below which there is nothing in it."""
_BATCH = 2**21
"""Pixels transformed at once."""


def average_spectra(image: Array, tiling: Tiling, side: int, band: tuple[float, float]) -> Array:
    """Return the mean power spectrum of each group of tiles, cropped to ``side`` rows; (groups, side, side // 2 + 1).

    Each tile counts with its power in the ``band`` (cycles per pixel) scaled to 1, so that carbon edges, gold and
    contamination do not outweigh the ice; blank tiles do not count.
    """
    xp = namespace(image)
    annulus = _annulus(side, tiling.side, band, image)
    window = _window(tiling.side, image)
    floor = _BLANK * float(xp.var(image)) * float(xp.sum(window**2))
    total = xp.zeros((len(tiling.offset), side, side // 2 + 1), dtype=xp.float32, device=annulus.device)
    used = np.zeros(len(tiling.offset))
    for chosen in _batches(tiling):
        power = _periodograms(image, tiling, chosen, side, window)
        level = xp.sum(power * annulus, axis=(-2, -1)) / xp.sum(annulus)
        scale = xp.where(level > floor, 1 / xp.where(level > floor, level, 1.0), 0.0)
        scaled = power * scale[:, None, None]
        for place, (group, counts) in enumerate(zip(tiling.group[chosen], to_host(scale) > 0, strict=True)):
            total[int(group), ...] += scaled[place, ...]
            used[group] += counts
    return total / xp.asarray(np.maximum(used, 1).astype(np.float32)[:, None, None], device=annulus.device)


def _batches(tiling: Tiling) -> list[npt.NDArray[np.int64]]:
    size = max(1, _BATCH // tiling.side**2)
    numbers = np.arange(len(tiling.corners))
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def _periodograms(image: Array, tiling: Tiling, chosen: npt.NDArray[np.int64], side: int, window: Array) -> Array:
    """Return the power spectra of some tiles."""
    xp = namespace(image)
    length = tiling.side
    tiles = xp.stack([image[int(y) : int(y) + length, int(x) : int(x) + length] for y, x in tiling.corners[chosen]])
    level = xp.mean(tiles, axis=(-2, -1), keepdims=True)
    return xp.abs(crop(rfft2((tiles - level) * window), (side, side))) ** 2


def _window(side: int, like: Array) -> Array:
    """Return a two-dimensional Hann window."""
    xp = namespace(like)
    phase = 2 * np.pi * (np.arange(side) + 0.5) / side
    profile = (0.5 - 0.5 * np.cos(phase)).astype(np.float32)
    return xp.asarray(np.outer(profile, profile), device=like.device)


def _annulus(side: int, length: int, band: tuple[float, float], like: Array) -> Array:
    """Return 1 within a band of frequencies (cycles per pixel of the image), else 0."""
    xp = namespace(like)
    fy, fx = frequencies((side, side), like)
    squared = (fx**2 + fy**2) * (side / length) ** 2
    return xp.astype((squared >= band[0] ** 2) & (squared <= band[1] ** 2), xp.float32)
