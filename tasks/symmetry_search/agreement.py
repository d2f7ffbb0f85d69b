"""How well a density agrees with its copies under a point group.

The density symmetrised by a group of n operations is the mean of n copies, of which the first is the density itself.
If copies correlate by c with each other, the density correlates with the sum of the others by
f = c sqrt((n - 1) / (1 + (n - 2) c)), from which c follows. (Correlating with the mean of all would flatter groups
whose copies are interpolated between voxels.) It is taken shell by shell in Fourier space, so that the coarse shape,
which is much alike from all sides, does not hide the detail.
"""

import numpy as np
import numpy.typing as npt

from tasks.errors import InputError, ResultError
from tasks.formats.mrc import read_volume
from tasks.models.maps import Map
from tasks.numerics.shells import fourier_shell_correlation

Volume = npt.NDArray[np.float32]
Curve = npt.NDArray[np.float64]

_LEAST_SIGNAL = 0.3

_OPERATIONS = {"T": 12, "O": 24, "I": 60}


def operations(group: str) -> int:
    """Return the number of rotations of a point group."""
    if group[0] in "CD":
        return int(group[1:]) * (2 if group[0] == "D" else 1)
    if group.rstrip("1234") not in _OPERATIONS:
        raise InputError("group", group, "a group of rotations")
    return _OPERATIONS[group.rstrip("1234")]


def agreement(turned: Volume, symmetrised: Volume, group: str, signal: Curve) -> float:
    """Return the correlation of copies in shells where there is signal, relative to that of a perfect symmetry.

    ``signal`` is the share of the power of each shell that is signal; shells are weighted by their coefficients.
    """
    count = operations(group)
    copies = _among_copies(fourier_shell_correlation(turned, count * symmetrised - turned), count)
    weights = np.arange(len(signal)) ** 2.0 * (signal > 0)
    return float((weights * copies).sum() / (weights * signal).sum())


def _among_copies(found: Curve, count: int) -> Curve:
    """Return the correlation of copies with each other, given that of one with the sum of the others."""
    square = found**2
    root = np.sqrt((square * (count - 2)) ** 2 + 4 * (count - 1) * square)
    return np.asarray(np.sign(found) * (square * (count - 2) + root) / (2 * (count - 1)))


def signal_share(density: Map, coarsest: float) -> Curve:
    """Return the share of each shell's power that is signal, 0 in shells that do not count.

    Those coarser than a resolution in angstrom do not count, and those with less than 0.3 signal. Half maps tell the
    signal; without them it is taken for whole up to twice the resolution.
    """
    count = density.box_size // 2 + 1
    shells = np.arange(count)
    first = max(1, round(density.box_size * density.pixel_size / coarsest))
    if density.halves:
        halves = [read_volume(half) for half in density.halves]
        both = np.clip(fourier_shell_correlation(*halves), 0, 1)
        share = 2 * both / (1 + both)
        low = np.flatnonzero((share < _LEAST_SIGNAL) & (shells >= first))
        last = int(low[0]) - 1 if len(low) else count - 1
    elif density.resolution:
        share = np.ones(count)
        last = round(density.box_size * density.pixel_size / (2 * density.resolution))
    else:
        raise InputError(density.path, "neither half maps nor a resolution", "a density of which the signal is known")
    if last < first:
        raise ResultError(f"{density.path}: no signal finer than {coarsest:.0f} angstrom, where all sides look alike")
    return np.where((shells >= first) & (shells <= last), share, 0.0)
