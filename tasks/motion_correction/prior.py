"""What is known of motion before it is measured: it is fast at first and slows down, with small random steps.

The sizes of all this are not known; the most probable ones are found for each movie (empirical Bayes), so that motion
is smoothed just as much as the noise asks for.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.motion_correction.polynomial import POWERS

Matrix = npt.NDArray[np.float64]

_SLOWING = 12
_DRIFTS = (1.0, 10.0, 100.0)
_STEPS = np.geomspace(0.01, 3, 9)
_LOCAL = np.geomspace(0.03, 30, 10)
# Standard deviations of x, x squared, y, y squared and xy over the frame.
_SPREADS = np.sqrt([1 / 12, 1 / 180, 1 / 12, 1 / 180, 1 / 144])
_RELATIVE = np.array([1.0, 0.5, 1.0, 0.5, 0.5])


@dataclass(frozen=True)
class Quadratic:
    """The logarithm of a likelihood near its maximum: ``vector @ x - x @ matrix @ x / 2``, for each axis."""

    matrices: tuple[Matrix, Matrix]
    vectors: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]

    def evidence(self, covariance: Matrix) -> float:
        """Return the logarithm of the probability of the data if the unknowns have a covariance."""
        total = 0.0
        for matrix, vector in zip(self.matrices, self.vectors, strict=True):
            both = np.eye(len(vector)) + matrix @ covariance
            total += 0.5 * float(vector @ covariance @ np.linalg.solve(both, vector)) - 0.5 * np.linalg.slogdet(both)[1]
        return total

    def most_probable(self, covariance: Matrix) -> Matrix:
        """Return the most probable unknowns, shape (2, unknowns)."""
        return np.stack(
            [
                covariance @ np.linalg.solve(np.eye(len(vector)) + matrix @ covariance, vector)
                for matrix, vector in zip(self.matrices, self.vectors, strict=True)
            ]
        )


def best_covariance(quadratic: Quadratic, frames: int, terms: npt.NDArray[np.intp]) -> Matrix:
    """Return the covariance of global displacements and local terms under which the data are most probable."""
    nothing = np.zeros((len(terms), len(terms)))
    candidates = [_blocks(part, nothing) for part in _global_covariances(frames)]
    best = max(candidates, key=quadratic.evidence)
    if not terms.size:
        return best
    local = local_covariance(frames, terms)
    return max((_blocks(best[:frames, :frames], local * size**2) for size in _LOCAL), key=quadratic.evidence)


def without_local(covariance: Matrix, frames: int) -> Matrix:
    """Return the covariance if there is no local motion."""
    only_global = np.zeros_like(covariance)
    only_global[:frames, :frames] = covariance[:frames, :frames]
    return only_global


def _global_covariances(frames: int) -> Iterable[Matrix]:
    drift, walk = drift_covariance(frames), _random_walk(frames)
    return (drift * size**2 + walk * step**2 for size in _DRIFTS for step in _STEPS)


def drift_covariance(frames: int) -> Matrix:
    """Return the covariance over frames of motion that slows down, sooner or later, from 0 to about 1 at the end."""
    number = np.arange(frames)
    curves = 1 - np.exp(-number / np.geomspace(0.5, 2 * frames, _SLOWING)[:, None])
    curves /= curves[:, -1:]
    return np.asarray(curves.T @ curves / _SLOWING)


def _random_walk(frames: int) -> Matrix:
    number = np.arange(frames, dtype=float)
    return np.asarray(np.minimum(number[:, None], number))


def local_covariance(frames: int, terms: npt.NDArray[np.intp]) -> Matrix:
    """Return the covariance of the terms of the local model, as powers of the time over the last time."""
    time = np.arange(frames) / max(frames - 1, 1)
    inverse = np.linalg.pinv(time[:, None] ** np.array([1, 2, 3]))
    in_time = inverse @ drift_covariance(frames) @ inverse.T
    full = np.kron(np.diag((_RELATIVE / _SPREADS) ** 2), in_time)
    places = terms - (len(POWERS) - len(full))
    return np.asarray(full[np.ix_(places, places)])


def _blocks(first: Matrix, second: Matrix) -> Matrix:
    size = len(first) + len(second)
    blocks = np.zeros((size, size))
    blocks[: len(first), : len(first)] = first
    blocks[len(first) :, len(first) :] = second
    return blocks
