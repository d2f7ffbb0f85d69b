"""Fit of the motion: the most likely displacements given all patches at once, without looking for peaks.

The coefficients of a patch are a signal that moves from frame to frame and changes with the dose, plus noise. If W is
the inverse covariance of the noise alone minus that of both, the logarithm of the likelihood of displacements is, but
for a constant, the sum over coefficients of ``x^H W x`` for the coefficients x of the aligned frames. The maximum is
found with the expected instead of the observed curvature, which is never negative.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.motion_correction.patches import Patch, Patches
from tasks.motion_correction.prior import Prior, Quadratic, best_prior
from tasks.motion_correction.signal_model import SignalModel, aligned, find_signal
from tasks.motion_correction.trajectory import LOCAL_TERMS, Trajectory, local_terms
from tasks.numerics.device import namespace, to_host

_LONGEST_STEP = 2.0
_PASSES = 8


@dataclass(frozen=True)
class Fit:
    """A trajectory, and the evidence that some of it is local."""

    trajectory: Trajectory
    evidence: float
    """Logarithm of how much more probable the patches are with local motion than without."""


def fit_motion(patches: Patches, start: Trajectory, *, is_local: bool, precision: float, models: int = 1) -> Fit:
    """Improve a trajectory until no patch moves farther than the precision, in pixels.

    Signal and prior are found anew in the first passes, as many as there shall be models.
    """
    found = start if is_local else start.without_local()
    signal: SignalModel | None = None
    prior: Prior | None = None
    evidence = 0.0
    for number in range(_PASSES):
        if number < models or signal is None or prior is None:
            signal = find_signal(patches, found)
            quadratic = _expanded(patches, signal, found)
            prior = best_prior(quadratic, len(found.globally), is_local=is_local)
        else:
            quadratic = _expanded(patches, signal, found)
        evidence = quadratic.evidence(prior.factor()) - quadratic.evidence(prior.without_local().factor())
        step = _step(found, quadratic.most_probable(prior.factor()))
        found = Trajectory(found.globally + step.globally, found.locally + step.locally)
        if max(np.abs(step.at(patch.u, patch.v)).max() for patch in patches.patches) < precision:
            break
    return Fit(found, evidence)


def gradient(
    patches: Patches, signal: SignalModel, patch: Patch, displacements: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return how the logarithm of the likelihood of a patch changes with its displacements, (frames, 2)."""
    moved = aligned(patches, patch, displacements)
    xp, band = namespace(moved), patches.band
    weights = xp.asarray(signal.weights.astype(np.complex64), device=moved.device)
    pulls = [
        xp.imag(xp.conj(moved[:, start:end]) * xp.matmul(weights[ring, :, :], moved[:, start:end]))
        for ring, (start, end) in enumerate(zip(band.edges, band.edges[1:], strict=False))
    ]
    directions = xp.asarray(2 * band.vectors * band.multiplicity[:, None], device=moved.device)
    return np.asarray(to_host(xp.matmul(xp.concat(pulls, axis=1), directions)), np.float64)


def _expanded(patches: Patches, signal: SignalModel, trajectory: Trajectory) -> Quadratic:
    """Expand the likelihood in the global displacements and the local coefficients of all frames."""
    frames = len(trajectory.globally)
    terms = 1 + LOCAL_TERMS
    squares, vectors = np.zeros((terms, terms)), np.zeros((2, terms, frames))
    for patch in patches.patches:
        now = trajectory.at(patch.u, patch.v)
        space = np.append(1, local_terms(patch.u, patch.v))
        squares += np.outer(space, space)
        goals = gradient(patches, signal, patch, now).T + np.einsum("cfg,gc->cf", signal.curvature, now)
        vectors += space[:, None] * goals[:, None, :]
    matrices = np.stack([np.kron(squares, curvature) for curvature in signal.curvature])
    return Quadratic(matrices, vectors.reshape(2, -1))


def _step(now: Trajectory, goal: npt.NDArray[np.float64]) -> Trajectory:
    """Return the step to other values, or as much of it as can be trusted."""
    values = goal.reshape(2, 1 + LOCAL_TERMS, -1)
    globally = values[:, 0].T - now.globally
    globally -= globally.mean(axis=0)
    locally = np.moveaxis(values[:, 1:], -1, 0) - now.locally
    trusted = min(1.0, _LONGEST_STEP / max(np.abs(globally).max(), 1e-9))
    return Trajectory(globally * trusted, locally * trusted)
