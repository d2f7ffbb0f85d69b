"""Measure the motion in a movie: from whole pixels of coarse frames to a smooth local model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.motion_correction.coarse import coarse_motion
from tasks.motion_correction.fit import fit_motion
from tasks.motion_correction.patches import Exposure, Patches, cut_patches
from tasks.motion_correction.polynomial import TERMS
from tasks.motion_correction.trajectory import Trajectory
from tasks.numerics.device import Array

# Terms that are the same everywhere belong to the global motion.
_LOCAL_TERMS = np.arange(3, TERMS)
_NO_TERMS = np.arange(0)
_LOW_BAND = 0.5
# The prior keeps a local model small that explains little, so that any gain on unseen patches will do.
_LEAST_IMPROVEMENT = 0.0


@dataclass(frozen=True)
class Measured:
    """Motion in pixels of the reduced frames."""

    trajectory: Trajectory
    places: tuple[tuple[float, float], ...]
    """u and v of the middle of each patch."""
    improvement: float
    """Logarithm of the likelihood that the local model gains on patches it has not seen, over its scatter."""


def measure_motion(frames: Sequence[Array], exposure: Exposure, grid: tuple[int, int]) -> Measured:
    """Measure the motion in (columns, rows) of patches."""
    coarse = coarse_motion(frames, exposure.pixel_size)
    patches = cut_patches(frames, coarse, grid, exposure)
    low = patches.narrower(_LOW_BAND)
    start = fit_motion(low, Trajectory(coarse, np.zeros((2, TERMS))), _NO_TERMS).trajectory
    improvement = _improvement(low, start, grid) if min(grid) >= 3 else 0.0
    terms = _LOCAL_TERMS if improvement > _LEAST_IMPROVEMENT else _NO_TERMS
    rough = fit_motion(low, start, terms).trajectory if terms.size else start
    found = fit_motion(patches, rough, terms).trajectory
    places = tuple((patch.u, patch.v) for patch in patches.patches)
    return Measured(Trajectory(found.globally - found.globally[0], found.locally), places, improvement)


def _improvement(patches: Patches, start: Trajectory, grid: tuple[int, int]) -> float:
    """Fit the local model to every second patch and judge it by the others, both ways."""
    before = fit_motion(patches, start, _NO_TERMS).likelihoods
    gains = np.zeros(len(before))
    is_white = np.array([(index // grid[0] + index % grid[0]) % 2 == 0 for index in range(len(before))])
    for used in (is_white, ~is_white):
        after = fit_motion(patches, start, _LOCAL_TERMS, used=used).likelihoods
        gains[~used] = (after - before)[~used]
    return float(gains.sum() / max(np.sqrt(np.square(gains).sum()), 1e-12))
