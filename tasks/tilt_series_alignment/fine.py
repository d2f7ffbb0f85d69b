"""Fine alignment: patches correlated between tilts, in stages from near to far neighbours."""

from dataclasses import dataclass, replace

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
    window: float
    """Largest shift, over the side of the patch."""
    search: bool = False
    """First look for each tilt in the whole window, which finds tilts that were misplaced."""


STAGES = (
    Stage(2, 3.2, 0.45),
    Stage(2, 3.2, 0.45, search=True),
    Stage(3, 2.0, 0.45, search=True),
    Stage(4, 1.3, 0.17),
    Stage(12, 0.6, 0.17),
)
"""A thick layer first, since the heights of the patches are not known yet; far neighbours when they are."""
_BETTER = 1.2
"""How much better a tilt must agree at another place to be moved there."""


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
    window = max(6, round(stage.window * grid.side))
    patches = correlate_patches(prepared, geometry, grid, heights, stage.reach, stage.depth * grid.side, window)
    bundle = Bundle(patches)
    start = bundle.start(heights)
    if stage.search:
        start = _searched(bundle, start)
    found = bundle.fit(start, Free(turn=turn), np.ones(len(grid.centres), bool))
    return Aligned(geometry.moved(found.shifts, float(np.degrees(found.turn))), bundle, found)


def _searched(bundle: Bundle, start: Solution) -> Solution:
    """Go outwards and move each tilt, with all beyond it, to where its patches agree best with those placed before."""
    angles = bundle.patches.geometry.angles
    smallest = int(np.argmin(np.abs(angles)))
    solution = start
    for outwards in (range(smallest + 1, len(angles)), range(smallest - 1, -1, -1)):
        for tilt in outwards:
            map_of_tilt = _towards_smallest(bundle, solution, tilt, smallest)
            window = bundle.patches.window
            row, column = np.unravel_index(int(map_of_tilt.argmax()), map_of_tilt.shape)
            if map_of_tilt[row, column] > _BETTER * max(map_of_tilt[window, window], 0):
                shifts = solution.shifts.copy()
                shifts[list(outwards[outwards.index(tilt) :])] += (column - window, row - window)
                solution = replace(solution, shifts=shifts)
    return solution


def _towards_smallest(bundle: Bundle, solution: Solution, tilt: int, smallest: int) -> Numbers:
    """Return the agreement of a tilt with those between it and the smallest, over how far it moves."""
    patches, window = bundle.patches, bundle.patches.window
    places = bundle.places(solution)
    total = np.zeros((2 * window + 1, 2 * window + 1))
    for pair, (first, second) in enumerate(patches.pairs):
        other = second if first == tilt else first
        if tilt not in {first, second} or abs(other - smallest) > abs(tilt - smallest):
            continue
        apart = np.rint(places[:, first] - places[:, second]).astype(int)
        for patch in np.flatnonzero(patches.valid[:, pair] & (np.abs(apart).max(axis=1) <= window)):
            x, y = apart[patch] + window
            around = np.pad(patches.maps[patch, pair], window)[y : y + 2 * window + 1, x : x + 2 * window + 1]
            total += around if first == tilt else around[::-1, ::-1]
    return total
