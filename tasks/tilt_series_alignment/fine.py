"""Fine alignment: patches correlated between tilts, in stages from near to far neighbours.

Each stage is kept only if patches that it was not fitted to agree better for it.
"""

from dataclasses import dataclass

import numpy as np

from tasks.tilt_series_alignment.bundle import Bundle, Free, Solution
from tasks.tilt_series_alignment.geometry import Geometry, Numbers
from tasks.tilt_series_alignment.patches import PatchGrid, correlate_patches
from tasks.tilt_series_alignment.preparation import Prepared


@dataclass(frozen=True)
class Stage:
    """How far a stage looks."""

    reach: int
    """Largest difference of the numbers of two tilts that are compared."""
    depth: float
    """Depth of the layer that a patch shows, over the side of the patch."""
    window: int = 8
    """Largest shift in pixels."""


STAGES = (Stage(2, 3.2, 10), Stage(4, 1.3), Stage(12, 0.6))


@dataclass(frozen=True)
class Aligned:
    """A geometry and what supports it."""

    geometry: Geometry
    grid: PatchGrid
    heights: Numbers
    """Heights of the patches above the plane in pixels."""
    bundle: Bundle | None = None
    """Correlations of the last stage that was kept."""
    solution: Solution | None = None


def align_finely(prepared: Prepared, coarse: Geometry, side: int, *, turn: bool = True) -> Aligned:
    """Refine a coarse geometry, unless patches that had no part in it say that it became worse."""
    grid = PatchGrid.over(prepared.size, side)
    aligned = Aligned(coarse, grid, np.zeros(len(grid.centres)))
    for stage in STAGES:
        aligned = _improve(prepared, aligned, stage, turn=turn)
    return aligned


def _improve(prepared: Prepared, aligned: Aligned, stage: Stage, *, turn: bool) -> Aligned:
    """Go through one stage."""
    grid = aligned.grid
    patches = correlate_patches(
        prepared, aligned.geometry, grid, aligned.heights, stage.reach, stage.depth * grid.side, stage.window
    )
    bundle = Bundle(patches)
    found = bundle.fit(bundle.start(aligned.heights), Free(turn=turn), np.ones(len(grid.centres), bool))
    geometry = aligned.geometry.moved(found.shifts, float(np.degrees(found.turn)))
    return Aligned(geometry, grid, found.heights, bundle, found)


def gain(aligned: Aligned, coarse: Geometry, *, turn: bool) -> float:
    """Return by how much patches agree better in a geometry that was fitted to other patches than in the coarse one.

    The patches of two opposite quarters of the plane are fitted, those of the others tell, and the other way round.
    Heights are no part of the geometry: they are fitted for both. The gain is relative to the coarse agreement.
    """
    bundle, found = aligned.bundle, aligned.solution
    if bundle is None or found is None:
        return 0.0
    start = _as_solution(bundle, coarse)
    sums = np.zeros(2)
    for fitted in (bundle.patches.grid.quarter, ~bundle.patches.grid.quarter):
        trained = bundle.fit(found, Free(turn=turn), fitted)
        for index, candidate in enumerate((start, trained)):
            tested = bundle.fit(candidate, Free(shifts=False, turn=False), ~fitted)
            sums[index] += float(bundle.agreement(tested)[0][~fitted].sum())
    return float(sums[1] - sums[0]) / max(abs(float(sums[0])), 1e-12)


def _as_solution(bundle: Bundle, geometry: Geometry) -> Solution:
    """Express a geometry as unknowns of a fit, as a specimen at the height at which the two differ least."""
    base = bundle.patches.geometry
    moves = (geometry.displacements - base.displacements) @ base.rotation
    projection = np.stack([base.cosines, np.sin(np.radians(base.angles))], axis=1)
    (across, height), *_ = np.linalg.lstsq(projection, moves[:, 0], rcond=None)
    moves[:, 0] -= projection @ [across, height]
    moves[:, 1] -= moves[:, 1].mean()
    shifts = np.stack([moves[:, 0] / base.cosines, moves[:, 1]], axis=1)
    heights = np.mean(bundle.patches.offsets / np.where(base.tangents == 0, np.inf, base.tangents), axis=1)
    return Solution(shifts, heights, float(np.radians(geometry.axis - base.axis)))
