"""How well two volumes agree, shell by shell in Fourier space."""

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tasks.numerics.fourier import rfft3

Volume = npt.NDArray[np.float32]
Curve = npt.NDArray[np.float64]
Block = tuple[slice, slice, slice]


def shell_count(shape: tuple[int, ...]) -> int:
    """Return how many shells lie between frequency 0 and half a cycle per voxel."""
    return max(shape) // 2 + 1


def shell_numbers(shape: tuple[int, ...]) -> npt.NDArray[np.int32]:
    """Return the shell of each coefficient of a real volume's transform; the last shell holds what lies beyond."""
    nz, ny, nx = shape
    fz, fy, fx = np.fft.fftfreq(nz)[:, None, None], np.fft.fftfreq(ny)[None, :, None], np.fft.rfftfreq(nx)
    radius = np.sqrt(fz**2 + fy**2 + fx**2) * 2 * (shell_count(shape) - 1)
    numbers: npt.NDArray[np.int32] = np.minimum(np.rint(radius), shell_count(shape)).astype(np.int32)
    return numbers


def shell_sums(first: Volume, second: Volume) -> Curve:
    """Return (3, shells): the cross power and the two powers of two volumes; sums of several volumes can be added."""
    one, two = rfft3(first), rfft3(second)
    numbers = shell_numbers(first.shape).ravel()
    count = shell_count(first.shape)
    terms = ((one * two.conj()).real, np.square(np.abs(one)), np.square(np.abs(two)))
    return np.stack([np.bincount(numbers, term.ravel(), count + 1)[:count] for term in terms])


def correlation(sums: Curve) -> Curve:
    """Return the Fourier shell correlation of summed powers."""
    powers = np.sqrt(sums[1] * sums[2])
    found: Curve = np.divide(sums[0], powers, out=np.zeros_like(powers), where=powers > 0)
    return found


def fourier_shell_correlation(first: Volume, second: Volume) -> Curve:
    """Return the correlation of two volumes in shells that divide half a cycle per voxel evenly."""
    return correlation(shell_sums(first, second))


def central_correlation(first: Volume, second: Volume, edge: int = 128, most: int = 8) -> Curve:
    """Return the mean correlation of up to ``most`` blocks about the centre; the volumes may be mapped from disk."""
    sums = [
        shell_sums(_tapered(first[block]), _tapered(second[block])) for block in central_blocks(first.shape, edge, most)
    ]
    return correlation(np.sum(sums, axis=0))


def resolution(curve: Curve, voxel_size: float, threshold: float = 0.143) -> float:
    """Return the resolution at which a correlation first falls below a threshold, in the unit of the voxel size."""
    below = np.flatnonzero(curve[1:] < threshold) + 1
    last = len(curve) - 1
    if not len(below):
        return 2 * voxel_size
    after = int(below[0])
    before = after - 1
    rise = (curve[before] - threshold) / (curve[before] - curve[after]) if before else 0.0
    return float(2 * voxel_size * last / max(before + rise, 1.0))


def central_blocks(shape: tuple[int, ...], edge: int, most: int) -> Iterator[Block]:
    """Yield up to ``most`` cubes of an edge about the centre of a volume, the innermost first."""
    sides = [min(edge, length) for length in shape]
    centres = [_centres(length, side) for length, side in zip(shape, sides, strict=True)]
    middles = [length / 2 for length in shape]
    corners = sorted(
        itertools.product(*centres),
        key=lambda corner: sum((c + s / 2 - m) ** 2 for c, s, m in zip(corner, sides, middles, strict=True)),
    )
    for z, y, x in corners[:most]:
        yield slice(z, z + sides[0]), slice(y, y + sides[1]), slice(x, x + sides[2])


def _centres(length: int, side: int) -> list[int]:
    """Return where blocks of a side begin along an axis."""
    count = length // side
    begin = (length - count * side) // 2
    return [begin + number * side for number in range(count)]


def _tapered(block: Volume) -> Volume:
    """Fade a block to its mean at its faces, which would otherwise correlate."""
    tapered = np.asarray(block, np.float32) - np.float32(np.mean(block, dtype=np.float64))
    for axis, length in enumerate(block.shape):
        window = np.hanning(length + 2)[1:-1].astype(np.float32)
        tapered *= window.reshape([-1 if other == axis else 1 for other in range(3)])
    return tapered
