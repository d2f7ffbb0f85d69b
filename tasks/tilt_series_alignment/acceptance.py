"""Whether an alignment may be trusted, told by the images alone."""

import numpy as np

from tasks.tilt_series_alignment.bundle import Bundle, Free, Solution
from tasks.tilt_series_alignment.fine import Aligned
from tasks.tilt_series_alignment.geometry import Geometry, Numbers

_DIRECTIONS = 12
_NEIGHBOURS = 5


def gain(aligned: Aligned, coarse: Geometry, *, turn: bool = True) -> float:
    """Return by how much patches agree better with a geometry fitted to other patches than with the coarse one.

    The patches of two opposite quarters of the plane are fitted and those of the others tell, and the other way round.
    What belongs to a single patch is no part of the geometry and is fitted for both. The gain is relative to the
    agreement with the coarse geometry.
    """
    bundle = aligned.bundle
    start = _expressed(bundle, coarse)
    sums = np.zeros(2)
    for fitted in (bundle.patches.grid.quarter, ~bundle.patches.grid.quarter):
        trained = bundle.fit(aligned.solution, Free(turn=turn), fitted)
        for index, candidate in enumerate((start, trained)):
            tested = bundle.fit(candidate, Free(shifts=False, turn=False), ~fitted)
            sums[index] += float(bundle.agreement(tested)[0][~fitted].sum())
    return float(sums[1] - sums[0]) / max(abs(float(sums[0])), float(np.finfo(np.float32).tiny))


def _expressed(bundle: Bundle, geometry: Geometry) -> Solution:
    """Express a geometry in the unknowns of a fit, with the specimen at the place where the two differ least."""
    base = bundle.patches.geometry
    moves = (geometry.displacements - base.displacements) @ base.rotation
    projection = np.stack([base.cosines, np.sin(np.radians(base.angles))], axis=1)
    moves[:, 0] -= projection @ np.linalg.lstsq(projection, moves[:, 0], rcond=None)[0]
    moves[:, 1] -= moves[:, 1].mean()
    shifts = np.stack([moves[:, 0] / base.cosines, moves[:, 1]], axis=1)
    start = bundle.start(bundle.patches.heights)
    return Solution(shifts, start.heights, start.radii, float(np.radians(geometry.axis - base.axis)))


def shares(aligned: Aligned) -> Numbers:
    """Return for each tilt the part of its signal that it has in common with the others: about 0 for a stray image."""
    bundle, places = aligned.bundle, aligned.bundle.places(aligned.solution)
    radius = bundle.patches.window - 2
    turns = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    aside = [bundle.per_tilt(places, np.array([np.cos(t), np.sin(t)]) * radius).sum(axis=0) for t in turns]
    here = bundle.per_tilt(places, np.zeros(2)).sum(axis=0)
    return np.asarray((here - np.mean(aside, axis=0)) / np.maximum(bundle.expected(), 1e-12))


def unlike_neighbours(shares_of_tilts: Numbers) -> Numbers:
    """Return the share of each tilt over what is usual among its neighbours: large tilts share less, by and by."""
    tilts = np.arange(len(shares_of_tilts))
    nearest = np.argsort(np.abs(tilts[:, None] - tilts), axis=1, kind="stable")[:, 1 : 1 + _NEIGHBOURS]
    return np.asarray(shares_of_tilts / np.maximum(np.median(shares_of_tilts[nearest], axis=1), 1e-12))


def residuals(aligned: Aligned) -> Numbers:
    """Return the root mean square distance of the patches of each tilt from their places, in working pixels.

    A patch is where it agrees best with the same patch in the other tilts; patches count as they agree.
    """
    bundle, places = aligned.bundle, aligned.bundle.places(aligned.solution)
    steps = np.arange(-2.0, 3.0)
    around = np.stack([bundle.per_tilt(places, np.array([x, y])) for y in steps for x in steps])
    best = around.argmax(axis=0)
    height = np.take_along_axis(around, best[None], axis=0)[0] - around.mean(axis=0)
    x, y = steps[best % 5] * aligned.geometry.cosines, steps[best // 5]
    weight = np.where(bundle.patches.seen, np.maximum(height, 0), 0)
    return np.asarray(np.sqrt((weight * (x**2 + y**2)).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-12)))
