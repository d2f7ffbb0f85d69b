"""What the frames have in common: the covariance of their coefficients in each ring, found in all patches at once.

Two things move with the specimen: particles, which fade as the curve of the critical dose says, and ice, whose
molecules wander, so that it resembles itself for a few frames only. How strong each is comes from the movie: their
shares vary slowly with the frequency, their sum as fast as the rings of the contrast transfer function.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.motion_correction.patches import Patch, Patches
from tasks.motion_correction.trajectory import Trajectory
from tasks.numerics.device import Array, namespace, to_host

_SMOOTHED_RINGS = 9
_MOST_SIGNAL = 0.95
_SPREAD = 0.5
"""Relative variance with which the signal of a ring is expected to differ from that of its neighbours."""


@dataclass(frozen=True)
class SignalModel:
    """How the likelihood weighs pairs of frames."""

    weights: npt.NDArray[np.float64]
    """Inverse covariance of noise alone minus that of signal and noise, shape (rings, frames, frames)."""
    curvature: npt.NDArray[np.float64]
    """Expected curvature of one patch's likelihood in displacements along x and y, shape (2, frames, frames)."""


def aligned(patches: Patches, patch: Patch, displacements: npt.NDArray[np.float64]) -> Array:
    """Move the frames of a patch back by their displacements."""
    band, xp = patches.band, namespace(patch.transforms)
    left = displacements - patch.offsets
    along_x = np.exp(1j * left[:, :1] * band.kx).astype(np.complex64)[:, band.columns]
    along_y = np.exp(1j * left[:, 1:] * band.ky).astype(np.complex64)[:, band.rows]
    return patch.transforms * xp.asarray(along_x * along_y, device=patch.transforms.device)


def find_signal(patches: Patches, trajectory: Trajectory) -> SignalModel:
    """Find the covariance of frames that are aligned as well as is known so far."""
    sizes = patches.band.sizes()
    found = _covariance(patches, trajectory) / np.maximum(sizes, 1)[:, None, None]
    signal = _fitted(found, _kernels(patches), sizes, len(patches.patches))
    power = np.einsum("rff->rf", signal)
    signal *= np.minimum(1, _MOST_SIGNAL / np.maximum(power.max(axis=1), 1e-9))[:, None, None]
    noise = (1 - np.einsum("rff->rf", signal).mean(axis=1))[:, None, None] * np.eye(signal.shape[1])
    weights = np.linalg.inv(noise) - np.linalg.inv(noise + signal)
    squares = patches.band.ring_sums(patches.band.vectors.T.astype(float) ** 2)
    curvature = -2 * np.tensordot(squares, weights * signal, axes=(1, 0))
    for axis in curvature:
        np.fill_diagonal(axis, 0)
        # What moves in all frames alike cannot be seen.
        np.fill_diagonal(axis, -axis.sum(axis=1))
    return SignalModel(weights, curvature)


def _covariance(patches: Patches, trajectory: Trajectory) -> npt.NDArray[np.float64]:
    """Return the products of frames summed over a ring, mean of all patches, shape (rings, frames, frames)."""
    band, frames = patches.band, len(trajectory.globally)
    total = np.zeros((band.ring_count, frames, frames))
    for patch in patches.patches:
        moved = aligned(patches, patch, trajectory.at(patch.u, patch.v))
        xp = namespace(moved)
        other = xp.conj(moved) * xp.asarray(band.multiplicity, device=moved.device)
        for ring, (start, end) in enumerate(zip(band.edges, band.edges[1:], strict=False)):
            total[ring] += to_host(xp.real(xp.matmul(moved[:, start:end], other[:, start:end].T)))
    return total / len(patches.patches)


def _kernels(patches: Patches) -> npt.NDArray[np.float64]:
    """Return the covariances of frames that particles and ice of unit power have, (2, rings, frames, frames)."""
    survival = patches.survival.T
    frames = np.arange(survival.shape[1])
    ice = patches.mixing[:, None, None] ** np.abs(frames[:, None] - frames)
    return np.stack([survival[:, :, None] * survival[:, None, :], ice])


def _fitted(
    found: npt.NDArray[np.float64], kernels: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64], patches: int
) -> npt.NDArray[np.float64]:
    """Return the covariance of the signal in each ring: shares from many rings, then a factor of each ring's own."""
    # A frame's product with itself is mostly noise.
    pairs = ~np.eye(found.shape[-1], dtype=bool)
    parts, seen = kernels[:, :, pairs], found[:, pairs]
    products = np.einsum("irp,jrp->ijr", parts, parts) * sizes
    projections = np.einsum("irp,rp->ir", parts, seen) * sizes
    shares = _shares(_smooth(products), _smooth(projections))
    shape = np.einsum("ir,irp->rp", shares, parts)
    certainty = sizes * (shape**2).sum(axis=1)
    ratio = sizes * (shape * seen).sum(axis=1) / np.maximum(certainty, 1e-12)
    # The error of the ratio is known from the number of coefficients; it is trusted as far as that is small.
    trust = _SPREAD / (_SPREAD + 0.5 / np.maximum(certainty * patches, 1e-12))
    factors = np.clip(1 + (ratio - 1) * trust, 0.02, 3)
    return np.asarray(np.einsum("r,ir,irfg->rfg", factors, shares, kernels))


def _smooth(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    kernel = np.ones(min(_SMOOTHED_RINGS, values.shape[-1]))
    return np.apply_along_axis(np.convolve, -1, values, kernel, "same")


def _shares(products: npt.NDArray[np.float64], projections: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the least squares of two parts, neither negative, shape (2, rings)."""
    (first, both), (_, second) = products
    determinant = first * second - both**2
    known = determinant > 1e-4 * first * second
    scale = np.where(known, determinant, 1)
    particles = (projections[0] * second - projections[1] * both) / scale
    ice = (projections[1] * first - projections[0] * both) / scale
    alone = np.maximum(projections / np.maximum(np.stack([first, second]), 1e-12), 0)
    only_ice = known & (particles < 0)
    only_particles = ~known | ((ice < 0) & ~only_ice)
    particles = np.where(only_particles, alone[0], np.where(only_ice, 0, particles))
    return np.stack([particles, np.where(only_ice, alone[1], np.where(only_particles, 0, ice))])
