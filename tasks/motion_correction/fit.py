"""Fit of the motion: the most likely displacements given all patches at once, without looking for peaks.

Each coefficient of a patch is a signal that moves from frame to frame, and that the dose destroys as the curve of the
critical dose says, plus noise. With the fractions a of it that survive, a signal power S and a noise power N, the
logarithm of the likelihood of displacements d is, but for a constant, the sum over coefficients k of
``S / (N (N + S sum of a^2)) |sum of frames a exp(i k d) X|^2``; S of each ring is found from that sum itself. The
maximum is found with the expected instead of the observed curvature, which is never negative.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.motion_correction.patches import Band, Patch, Patches
from tasks.motion_correction.polynomial import POWERS, TERMS, basis
from tasks.motion_correction.prior import Quadratic, best_covariance, without_local
from tasks.motion_correction.trajectory import Trajectory
from tasks.numerics.device import Array, namespace, to_host

_LONGEST_STEP = 2.0
_PASSES = 8
_PRIOR_PASSES = 2
_CONVERGED = 0.02
_SMOOTHED_RINGS = 5
_MOST_SIGNAL = 0.95


@dataclass(frozen=True)
class Slope:
    """How the logarithm of the likelihood of one patch changes with its displacements."""

    gradient: npt.NDArray[np.float64]
    """Shape (frames, 2)."""
    curvature: npt.NDArray[np.float64]
    """Expected, along x and y (there is none across), shape (frames, 2)."""


@dataclass(frozen=True)
class Fit:
    """A trajectory, and the evidence that some of it is local."""

    trajectory: Trajectory
    evidence: float
    """Logarithm of how much more probable the patches are with local motion than without."""


def fit_motion(patches: Patches, start: Trajectory, terms: npt.NDArray[np.intp]) -> Fit:
    """Improve a trajectory; ``terms`` are those of the local model that are fitted."""
    found, covariance, evidence = start, None, 0.0
    for number in range(_PASSES):
        slopes = [slope(patches, patch, found.at(patch.u, patch.v)) for patch in patches.patches]
        unknowns = _Unknowns(found, terms)
        quadratic = _expanded(patches.patches, slopes, unknowns)
        if number < _PRIOR_PASSES or covariance is None:
            covariance = best_covariance(quadratic, unknowns.frames, terms)
        evidence = quadratic.evidence(covariance) - quadratic.evidence(without_local(covariance, unknowns.frames))
        step = unknowns.step_to(quadratic.most_probable(covariance))
        found = Trajectory(found.globally + step.globally, found.locally + step.locally)
        if max(np.abs(step.at(patch.u, patch.v)).max() for patch in patches.patches) < _CONVERGED:
            break
    return Fit(found, evidence)


def slope(patches: Patches, patch: Patch, displacements: npt.NDArray[np.float64]) -> Slope:
    """Return gradient and expected curvature of a patch at displacements of its frames."""
    band, survival = patches.band, patches.survival
    xp = namespace(patch.transforms)
    left = displacements - patch.offsets
    along_x = _phases(left[:, :1] * band.kx, patch.transforms)
    along_y = _phases(band.ky[:, None] * left[:, 1], patch.transforms)
    aligned = patch.transforms * along_x
    total = xp.matmul(along_y[:, None, :], aligned)[:, 0, :]
    power = to_host(xp.real(total) ** 2 + xp.imag(total) ** 2)
    signal = _signal(band, power, survival)
    by_ring = _weights(signal, survival)
    weights = by_ring[band.rings] * band.multiplicity
    weighted = xp.conj(total) * xp.asarray(weights.astype(np.float32), device=total.device)
    ramps = xp.asarray(np.stack([band.kx, np.ones_like(band.kx)], axis=-1), device=total.device)
    moments = along_y[:, :, None] * xp.matmul(aligned, weighted[:, :, None] * ramps)
    imaginary = to_host(xp.imag(moments)).astype(float)
    gradient = -2 * np.stack([imaginary[:, :, 0].sum(axis=0), band.ky @ imaginary[:, :, 1]], axis=-1)
    squares = survival**2
    expected = by_ring * signal * squares * (squares.sum(axis=0) - squares)
    return Slope(gradient, 2 * expected @ _square_sums(band))


def _phases(angles: npt.NDArray[np.floating], like: Array) -> Array:
    turned = np.exp(1j * angles).astype(np.complex64)
    return namespace(like).asarray(turned, device=like.device)


def _signal(band: Band, power: npt.NDArray[np.floating], survival: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the fraction of signal in each ring: what the power of a sum exceeds that of unrelated frames."""
    sizes, squares = band.ring_sizes()[:-1], survival[:, :-1] ** 2
    pairs = squares.sum(axis=0) ** 2 - (squares**2).sum(axis=0)
    excess = (band.ring_means(power)[:-1] - squares.sum(axis=0)) / np.maximum(pairs, 1e-9)
    certainty = sizes * pairs
    kernel = np.ones(_SMOOTHED_RINGS)
    smooth = np.convolve(excess * certainty, kernel, "same") / np.maximum(np.convolve(certainty, kernel, "same"), 1e-9)
    return np.append(np.clip(smooth, 0, _MOST_SIGNAL), 0)


def _weights(signal: npt.NDArray[np.float64], survival: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    squares = survival**2
    noise = 1 - signal * squares.mean(axis=0)
    return np.asarray(signal / (noise * (noise + signal * squares.sum(axis=0))))


def _square_sums(band: Band) -> npt.NDArray[np.float64]:
    """Return the sums of kx squared and of ky squared in each ring, (rings, 2)."""
    flat, count = band.rings.ravel(), band.ring_count
    along_x = np.bincount(flat, (band.multiplicity * band.kx**2).ravel(), count)
    along_y = np.bincount(flat, (band.multiplicity * band.ky[:, None] ** 2).ravel(), count)
    return np.stack([along_x, along_y], axis=-1)


class _Unknowns:
    """The global displacements and the local terms that are fitted, scaled to be alike in size."""

    def __init__(self, trajectory: Trajectory, terms: npt.NDArray[np.intp]) -> None:
        self.terms = terms
        self.frames = len(trajectory.globally)
        self._scale = 1.0 / float(max(self.frames - 1, 1)) ** POWERS[terms]
        self.values = np.concatenate([trajectory.globally.T, trajectory.locally[:, terms] / self._scale], axis=1)

    def design(self, u: float, v: float) -> npt.NDArray[np.float64]:
        """Return how the displacements at a place depend on the unknowns, (frames, unknowns)."""
        local = basis(u, v, self.frames)[:, self.terms] * self._scale
        return np.concatenate([np.eye(self.frames), local], axis=1)

    def step_to(self, goal: npt.NDArray[np.float64]) -> Trajectory:
        """Return the step to other values, or as much of it as can be trusted."""
        step = goal - self.values
        step[:, : self.frames] -= step[:, : self.frames].mean(axis=1, keepdims=True)
        step *= min(1.0, _LONGEST_STEP / max(np.abs(step[:, : self.frames]).max(), 1e-9))
        locally = np.zeros((2, TERMS))
        locally[:, self.terms] = step[:, self.frames :] * self._scale
        return Trajectory(step[:, : self.frames].T, locally)


def _expanded(patches: list[Patch], slopes: list[Slope], unknowns: _Unknowns) -> Quadratic:
    """Expand the likelihood in the unknowns."""
    now = unknowns.values
    matrix, gradient = np.zeros((2, now.shape[1], now.shape[1])), np.zeros(now.shape)
    for patch, item in zip(patches, slopes, strict=True):
        design = unknowns.design(patch.u, patch.v)
        for axis, curvature in enumerate(item.curvature.T):
            # What moves in all frames alike cannot be seen.
            mean = curvature @ design
            matrix[axis] += (design.T * curvature) @ design - np.outer(mean, mean) / max(curvature.sum(), 1e-30)
        gradient += item.gradient.T @ design
    vectors = [gradient[axis] + matrix[axis] @ now[axis] for axis in (0, 1)]
    return Quadratic((matrix[0], matrix[1]), (vectors[0], vectors[1]))
