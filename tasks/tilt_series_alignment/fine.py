"""Fine alignment: patches correlated between tilts, in stages from near to far neighbours."""

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
"""A thick layer first, since the heights of the patches are not known yet; far neighbours when they are."""


@dataclass(frozen=True)
class Aligned:
    """A geometry and the correlations that it was fitted to."""

    geometry: Geometry
    bundle: Bundle
    solution: Solution


def align_finely(prepared: Prepared, coarse: Geometry, side: int, *, turn: bool = True) -> Aligned:
    """Refine a coarse geometry with patches of a side in pixels."""
    grid = PatchGrid.over(prepared.size, side)
    heights = np.zeros(len(grid.centres))
    aligned = refine(prepared, coarse, grid, heights, STAGES[0], turn=turn)
    for stage in STAGES[1:]:
        aligned = refine(prepared, aligned.geometry, grid, aligned.solution.heights, stage, turn=turn)
    return aligned


def refine(  # noqa: PLR0913 - all of them shape the fit
    prepared: Prepared, geometry: Geometry, grid: PatchGrid, heights: Numbers, stage: Stage, *, turn: bool
) -> Aligned:
    """Go through one stage."""
    patches = correlate_patches(prepared, geometry, grid, heights, stage.reach, stage.depth * grid.side, stage.window)
    bundle = Bundle(patches)
    found = bundle.fit(bundle.start(heights), Free(turn=turn), np.ones(len(grid.centres), bool))
    return Aligned(geometry.moved(found.shifts, float(np.degrees(found.turn))), bundle, found)
