"""Fit of the motion: the most likely displacements given all patches at once, without looking for peaks.

Each coefficient of a patch is a signal that moves from frame to frame plus noise. For a ring with the fraction s of
signal in its power and n frames, the logarithm of the likelihood of displacements d is, but for a constant, the sum of
``s / ((1 - s) (1 - s + n s))  |sum of frames exp(i k d) X|^2``; s is found from that sum itself. The maximum is found
with the expected instead of the observed curvature, which is never negative.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.motion_correction.patches import Band, Patch, Patches
from tasks.motion_correction.polynomial import POWERS, TERMS, basis
from tasks.motion_correction.trajectory import Trajectory
from tasks.numerics.device import Array, namespace, to_host

_LONGEST_STEP = 2.0
_PASSES = 8
_CONVERGED = 0.01
_SMOOTHED_RINGS = 5
_MOST_SIGNAL = 0.95


@dataclass(frozen=True)
class Slope:
    """How the logarithm of the likelihood of one patch changes with its displacements."""

    likelihood: float
    gradient: npt.NDArray[np.float64]
    """Shape (frames, 2)."""
    curvature: npt.NDArray[np.float64]
    """Expected, the same for all frames, shape (2, 2)."""


@dataclass(frozen=True)
class Fit:
    """A trajectory, and how likely it is."""

    trajectory: Trajectory
    likelihoods: npt.NDArray[np.float64]
    """Logarithm of the likelihood of each patch."""


def fit_motion(
    patches: Patches, start: Trajectory, terms: npt.NDArray[np.intp], used: npt.NDArray[np.bool_] | None = None
) -> Fit:
    """Improve a trajectory.

    ``terms`` are those of the local model that are fitted; ``used`` tells the patches that have a say.
    """
    voters = np.ones(len(patches.patches), bool) if used is None else used
    found = start
    for left in range(_PASSES, -1, -1):
        slopes = [slope(patch, patches.band, found.at(patch.u, patch.v)) for patch in patches.patches]
        step = _step(patches.patches, slopes, terms, voters)
        if not left or max(np.abs(step.at(patch.u, patch.v)).max() for patch in patches.patches) < _CONVERGED:
            break
        found = Trajectory(found.globally + step.globally, found.locally + step.locally)
    return Fit(found, np.array([item.likelihood for item in slopes]))


def slope(patch: Patch, band: Band, displacements: npt.NDArray[np.float64]) -> Slope:
    """Return likelihood, gradient and expected curvature of a patch at displacements of its frames."""
    xp = namespace(patch.transforms)
    frames = len(displacements)
    left = displacements - patch.offsets
    along_x = _phases(left[:, :1] * band.kx, patch.transforms)
    along_y = _phases(band.ky[:, None] * left[:, 1], patch.transforms)
    aligned = patch.transforms * along_x
    total = xp.matmul(along_y[:, None, :], aligned)[:, 0, :]
    power = to_host(xp.real(total) ** 2 + xp.imag(total) ** 2)
    signal = _signal(band, power, frames)
    weights = _weights(signal, frames)[band.rings] * band.multiplicity
    weighted = xp.conj(total) * xp.asarray(weights.astype(np.float32), device=total.device)
    ramps = xp.asarray(np.stack([band.kx, np.ones_like(band.kx)], axis=-1), device=total.device)
    moments = along_y[:, :, None] * xp.matmul(aligned, weighted[:, :, None] * ramps)
    imaginary = to_host(xp.imag(moments)).astype(float)
    gradient = -2 * np.stack([imaginary[:, :, 0].sum(axis=0), band.ky @ imaginary[:, :, 1]], axis=-1)
    return Slope(
        float((weights * (power - frames)).sum(dtype=float)),
        gradient,
        _curvature(band, weights * (signal * (frames - 1))[band.rings]),
    )


def _phases(angles: npt.NDArray[np.floating], like: Array) -> Array:
    turned = np.exp(1j * angles).astype(np.complex64)
    return namespace(like).asarray(turned, device=like.device)


def _signal(band: Band, power: npt.NDArray[np.floating], frames: int) -> npt.NDArray[np.float64]:
    """Return the fraction of signal in each ring: what the power of a sum exceeds that of unrelated frames."""
    sizes = band.ring_sizes()[:-1]
    excess = (band.ring_means(power)[:-1] / frames - 1) / max(frames - 1, 1)
    kernel = np.ones(_SMOOTHED_RINGS)
    smooth = np.convolve(excess * sizes, kernel, "same") / np.maximum(np.convolve(sizes, kernel, "same"), 1)
    return np.append(np.clip(smooth, 0, _MOST_SIGNAL), 0)


def _weights(signal: npt.NDArray[np.float64], frames: int) -> npt.NDArray[np.float64]:
    return signal / ((1 - signal) * (1 + (frames - 1) * signal))


def _curvature(band: Band, weights: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    along_x, along_y = weights.sum(axis=0, dtype=float), weights.sum(axis=1, dtype=float)
    across = float(band.ky @ weights @ band.kx)
    return 2 * np.array([[along_x @ band.kx**2, across], [across, along_y @ band.ky**2]])


def _step(
    patches: list[Patch], slopes: list[Slope], terms: npt.NDArray[np.intp], used: npt.NDArray[np.bool_]
) -> Trajectory:
    """Return the step of the global displacements and of the local terms that the quadratic expansion asks for."""
    frames = len(slopes[0].gradient)
    size = 2 * (frames + len(terms))
    matrix, vector = np.zeros((size, size)), np.zeros(size)
    scale = _scales(frames, terms)
    for patch, item, is_used in zip(patches, slopes, used, strict=True):
        if not is_used:
            continue
        design = np.concatenate([np.eye(frames), basis(patch.u, patch.v, frames)[:, terms] * scale], axis=1)
        matrix += np.kron(item.curvature, design.T @ design)
        vector += (item.gradient.T @ design).ravel()
    found = np.linalg.lstsq(matrix, vector, rcond=1e-7)[0].reshape(2, -1)
    locally = np.zeros((2, TERMS))
    locally[:, terms] = found[:, frames:] * scale
    globally = found[:, :frames].T
    longest = np.abs(globally - globally.mean(axis=0)).max()
    damping = min(1.0, _LONGEST_STEP / max(longest, 1e-9))
    return Trajectory((globally - globally.mean(axis=0)) * damping, locally * damping)


def _scales(frames: int, terms: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Return factors that make the terms, which are powers of frame numbers, alike in size."""
    return np.asarray(1.0 / float(max(frames - 1, 1)) ** POWERS[terms])
