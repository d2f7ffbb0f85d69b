"""Measure the motion in a movie: from whole pixels of coarse frames to a smooth local model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.motion_correction.coarse import coarse_motion
from tasks.motion_correction.fit import fit_motion
from tasks.motion_correction.patches import Exposure, cut_patches
from tasks.motion_correction.trajectory import LOCAL_TERMS, Trajectory
from tasks.numerics.device import Array

_LOW_BAND = 0.4
_ROUGH = 0.3
_FINE = 0.05
_FEWEST_PATCHES = 3
# Simulated movies without local motion reach 3, those with it 80 and more.
_LEAST_EVIDENCE = 10.0


@dataclass(frozen=True)
class Measured:
    """Motion in pixels of the reduced frames."""

    trajectory: Trajectory
    places: tuple[tuple[float, float], ...]
    """u and v of the middle of each patch."""
    evidence: float
    """Logarithm of how much more probable the patches are with local motion than without; below 10 it is left out."""


def measure_motion(frames: Sequence[Array], exposure: Exposure, grid: tuple[int, int]) -> Measured:
    """Measure the motion in (columns, rows) of patches."""
    coarse = coarse_motion(frames, exposure.pixel_size)
    patches = cut_patches(frames, coarse, grid, exposure)
    low = patches.narrower(_LOW_BAND)
    unmoved = Trajectory(coarse, np.zeros((len(frames), 2, LOCAL_TERMS)))
    start = fit_motion(low, unmoved, is_local=False, precision=_ROUGH)
    found = start
    if min(grid) >= _FEWEST_PATCHES:
        rough = fit_motion(low, start.trajectory, is_local=True, precision=_ROUGH)
        found = fit_motion(patches, rough.trajectory, is_local=True, precision=_FINE, models=2)
    evidence = found.evidence
    if evidence < _LEAST_EVIDENCE:
        found = fit_motion(patches, start.trajectory, is_local=False, precision=_FINE, models=2)
    places = tuple((patch.u, patch.v) for patch in patches.patches)
    return Measured(found.trajectory.from_first(), places, evidence)
