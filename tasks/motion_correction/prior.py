"""What is known of motion before it is measured: it is fast at first and slows down, with small random steps.

Motion that differs within the frame takes the same course nearly everywhere. The sizes of all this, and how soon the
motion slows down, are not known; the most probable ones are found for each movie (empirical Bayes), so that motion is
smoothed just as much as the noise asks for. Covariances are given as factors: matrices times their transpose.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from tasks.motion_correction.trajectory import LOCAL_TERMS

Matrix = npt.NDArray[np.float64]

_SLOWING = 12
_DRIFTS = (1.0, 10.0, 100.0)
_STEPS = np.geomspace(0.01, 3, 9)
_LOCAL = np.geomspace(0.03, 30, 10)
_TIMES = 6
_FREEDOM = 0.1
"""Share of the variance of local motion that takes any course that slows down."""
# Standard deviations of x, x squared, y, y squared and xy over the frame.
_SPREADS = np.sqrt([1 / 12, 1 / 180, 1 / 12, 1 / 180, 1 / 144])
_RELATIVE = np.array([1.0, 0.5, 1.0, 0.5, 0.5])


@dataclass(frozen=True)
class Quadratic:
    """The logarithm of a likelihood near its maximum: ``vector @ x - x @ matrix @ x / 2``, for each axis."""

    matrices: Matrix
    """Shape (2, unknowns, unknowns)."""
    vectors: Matrix
    """Shape (2, unknowns)."""

    def evidence(self, factor: Matrix) -> float:
        """Return the logarithm of the probability of the data if the unknowns have a covariance."""
        total = 0.0
        for matrix, vector in zip(self.matrices, self.vectors, strict=True):
            root = np.linalg.cholesky(_posterior(matrix, factor))
            total += 0.5 * float(np.square(np.linalg.solve(root, vector @ factor)).sum())
            total -= float(np.log(np.diag(root)).sum())
        return total

    def most_probable(self, factor: Matrix) -> Matrix:
        """Return the most probable unknowns, shape (2, unknowns)."""
        both = zip(self.matrices, self.vectors, strict=True)
        return np.stack(
            [factor @ np.linalg.solve(_posterior(matrix, factor), vector @ factor) for matrix, vector in both]
        )


def _posterior(matrix: Matrix, factor: Matrix) -> Matrix:
    return np.asarray(np.eye(factor.shape[1]) + factor.T @ (matrix @ factor))


@dataclass(frozen=True)
class Prior:
    """Factors of the covariances over frames."""

    globally: Matrix
    """Of the global displacements."""
    locally: Matrix
    """Of each local term; no columns if there is no local motion."""

    def factor(self) -> Matrix:
        """Return the factor for all unknowns: global displacements, then those of one local term after another."""
        local = np.kron(np.diag(_RELATIVE / _SPREADS), self.locally)
        whole = np.zeros((len(self.globally) * (1 + LOCAL_TERMS), self.globally.shape[1] + local.shape[1]))
        whole[: len(self.globally), : self.globally.shape[1]] = self.globally
        whole[len(self.globally) :, self.globally.shape[1] :] = local
        return whole

    def without_local(self) -> "Prior":
        """Return the prior if there is no local motion."""
        return Prior(self.globally, self.locally[:, :0])


def best_prior(quadratic: Quadratic, frames: int, *, is_local: bool) -> Prior:
    """Return the prior under which the data are most probable."""

    def evidence(prior: Prior) -> float:
        return quadratic.evidence(prior.factor())

    nowhere = np.zeros((frames, 0))
    best = max((Prior(globally, nowhere) for globally in _global_factors(frames)), key=evidence)
    if not is_local:
        return best
    local = (course * size for course in _course_factors(frames) for size in _LOCAL)
    best = max((Prior(best.globally, locally) for locally in local), key=evidence)
    return max((Prior(globally, best.locally) for globally in _global_factors(frames)), key=evidence)


@cache
def _global_factors(frames: int) -> tuple[Matrix, ...]:
    drift, walk = drift_covariance(frames), _random_walk(frames)
    return tuple(_factor(drift * size**2 + walk * step**2) for size in _DRIFTS for step in _STEPS)


@cache
def _course_factors(frames: int) -> tuple[Matrix, ...]:
    times = np.geomspace(0.4, 2 * frames, _TIMES)
    return tuple(_factor(_course_covariance(frames, slowing)) for slowing in times)


def drift_covariance(frames: int) -> Matrix:
    """Return the covariance over frames of motion that slows down, sooner or later, from 0 to about 1 at the end."""
    curves = np.stack([_course(frames, slowing) for slowing in np.geomspace(0.5, 2 * frames, _SLOWING)])
    return np.asarray(curves.T @ curves / _SLOWING)


def _course_covariance(frames: int, slowing: float) -> Matrix:
    course = _course(frames, slowing)
    return np.asarray((1 - _FREEDOM) * np.outer(course, course) + _FREEDOM * drift_covariance(frames))


def _course(frames: int, slowing: float) -> Matrix:
    """Return motion from 0 to 1 that falls off by the factor e within a number of frames."""
    course = 1 - np.exp(-np.arange(frames) / slowing)
    return np.asarray(course / course[-1])


def _random_walk(frames: int) -> Matrix:
    number = np.arange(frames, dtype=float)
    return np.asarray(np.minimum(number[:, None], number))


def _factor(covariance: Matrix) -> Matrix:
    values, vectors = np.linalg.eigh(covariance)
    used = values > 1e-7 * values[-1]
    return np.asarray(vectors[:, used] * np.sqrt(values[used]))
