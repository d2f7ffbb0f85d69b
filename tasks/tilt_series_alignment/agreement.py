"""How well the images of a series agree with an alignment of it, whoever has made it."""

import numpy as np

from tasks.models import Alignment, ImagedTiltSeries
from tasks.tilt_series_alignment.acceptance import shares
from tasks.tilt_series_alignment.bundle import Bundle, Free, Solution
from tasks.tilt_series_alignment.fine import Aligned
from tasks.tilt_series_alignment.geometry import Geometry, Numbers
from tasks.tilt_series_alignment.patches import PatchGrid, correlate_patches
from tasks.tilt_series_alignment.preparation import Prepared, prepare
from tasks.tilt_series_alignment.screening import FEWEST, mask_of, screen
from tasks.tilt_series_alignment.tilt_stack import TiltStack, read_stack

_PATCHES = 4
_LAYERS = ((2, 3.2), (4, 1.3))
"""How far apart tilts are compared, and the depth of the layer that a patch shows: first without knowing its height."""
_WINDOW = 0.25
_STEEPEST = 80.0
"""Degrees: from farther off the plane of the specimen cannot be seen."""


def agreement(series: ImagedTiltSeries, alignment: Alignment) -> float:
    """Return the part of its signal that an image shares with the others where an alignment says it lies.

    The images alone are asked: alignments of one series by different programs can be compared, and the highest is the
    best. Only the heights of the specimen are free. An image that an alignment leaves out counts as one that shares
    nothing, which is what a useless image shares.
    """
    stack, _ = screen(read_stack(series))
    prepared = prepare(stack.images, stack.scale, stack.centre, "cpu")
    placed = {tilt.name for tilt in alignment.tilts if abs(tilt.angle) <= _STEEPEST}
    used = mask_of(stack, set(stack.names) - placed)
    if int(used.sum()) < FEWEST:
        return 0.0
    found = _shares(prepared.only(used), _geometry(stack.only(used), alignment))
    return float(np.maximum(found, 0).sum() / len(stack.tilts))


def _geometry(stack: TiltStack, alignment: Alignment) -> Geometry:
    """Return an alignment in working pixels, in the order of the images."""
    tilts = {tilt.name: tilt for tilt in alignment.tilts}
    placed = [tilts[name] for name in stack.names]
    displacements = np.array([tilt.displacement for tilt in placed]) / stack.pixel_size
    return Geometry(np.array([tilt.angle for tilt in placed]), alignment.tilt_axis_angle, displacements)


def _shares(prepared: Prepared, geometry: Geometry) -> Numbers:
    """Return what each image shares, with patches at the heights at which they agree best."""
    side = max(16, 2 * round(prepared.size / _PATCHES / 2))
    grid = PatchGrid.over(prepared.size, side)
    window = max(6, round(_WINDOW * side))
    heights = np.zeros(len(grid.centres))
    for reach, depth in _LAYERS:
        bundle = Bundle(correlate_patches(prepared, geometry, grid, heights, reach, depth * side, window))
        solution = _standing(bundle, heights)
        heights = solution.heights
    return shares(Aligned(geometry, bundle, solution))


def _standing(bundle: Bundle, heights: Numbers) -> Solution:
    """Fit the heights alone, from whichever common height the images agree with best."""
    window = bundle.patches.window
    levels = [bundle.start(heights + level) for level in np.arange(-2 * window, 2 * window + 1, 2.0)]
    best = max(levels, key=lambda start: float(bundle.agreement(start)[0].sum()))
    return bundle.fit(best, Free(shifts=False, turn=False, radii=False), np.ones(len(heights), bool))
