"""From where particles are seen: how evenly, and what that does to the density.

Angles are RELION's rot and tilt: a particle is seen from the direction of tilt degree from z, rot degree about it.
"""

import re
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from tasks.errors import InputError
from tasks.numerics.sphere import angles_of, sphere

Numbers = npt.NDArray[np.float64]

_SMOOTHING = 5.0
"""Width of the smoothing of how often directions occur, in degree: angles are searched in steps of that size."""
_B_FACTOR = 160.0
"""Loss of contrast with resolution, in square angstrom."""
_TURNS = 90
"""Steps in which the angle between a direction and a view is counted, for a right angle."""
_SPREAD = np.geomspace(0.2, 1e6, 240)
"""Squared distances from the middle of a point, as seen along its sharpest side, that are tried."""


def occurrence(views: Numbers) -> Numbers:
    """Return how often each cell of the sphere is seen from, relative to all being seen evenly, and smoothed."""
    cells = sphere()
    nearness = np.exp((cells.directions @ cells.directions.T - 1) / np.radians(_SMOOTHING) ** 2)
    even = nearness @ cells.areas
    found: Numbers = nearness @ views / np.maximum(even, np.finfo(float).tiny) / max(views.sum(), 1)
    return found


def counted(rot: Numbers, tilt: Numbers) -> Numbers:
    """Count views in the cells of the sphere, of angles in degree."""
    cells = sphere()
    return np.bincount(cells.cells_of(rot, tilt), minlength=cells.size).astype(np.float64)


def efficiency(views: Numbers, symmetry: str, diameter: float) -> float:
    """Return how even the resolution is in all directions, of views counted in the cells of the sphere.

    1 - 2 sigma / mean of the width of a point as the views show it (Naydenova and Russo, Nat. Commun. 8, 629, 2017):
    1 for even views, and 0 at least. A view shows a point as a line along itself, as wide as the B factor leaves it,
    which can be no longer than the particle, of a diameter in angstrom: with many views, the lines add up.
    """
    views = views_of_copies(views, symmetry)
    if not views.sum():
        raise InputError("particles", "none", "particles with angles")
    widths = _widths(views / views.sum(), diameter / 2)
    areas = sphere().areas
    mean = float(np.average(widths, weights=areas))
    sigma = float(np.sqrt(np.average((widths - mean) ** 2, weights=areas)))
    return max(1 - 2 * sigma / mean, 0.0)


def views_of_copies(views: Numbers, symmetry: str) -> Numbers:
    """Return the views of all symmetric copies, as shares of one copy.

    Of cubic groups, the axes may be chosen in several ways, which hardly matters for so many copies.
    """
    found = re.match(r"C[1-9]\d*|D[1-9]\d*|T|O|I", symmetry.upper())
    if not found:
        raise InputError("symmetry", symmetry, "a point group as C1, D7, T, O or I")
    turns = Rotation.create_group(cast("Any", found[0]))
    cells = sphere()
    copies = [counted_weights(turn.apply(cells.directions), views) for turn in turns] if len(turns) > 1 else [views]
    mean: Numbers = np.mean(copies, axis=0)
    return mean


def counted_weights(directions: Numbers, weights: Numbers) -> Numbers:
    """Count directions with weights in the cells of the sphere."""
    cells = sphere()
    counts: Numbers = np.bincount(cells.cells_of(*angles_of(directions)), weights, cells.size).astype(np.float64)
    return counts


def _widths(shares: Numbers, longest: float) -> Numbers:
    """Return the distance at which a point has faded to one half, in the direction of each cell, in angstrom."""
    fading = _angles_to_views(shares) @ np.exp(-(np.sin(np.radians(_middles()))[:, None] ** 2) * _SPREAD)
    # Of each direction, the last distance at which it has not faded yet; between two, as if it fell evenly.
    last = np.maximum((fading >= 0.5).sum(axis=1) - 1, 0)
    after = np.minimum(last + 1, len(_SPREAD) - 1)
    rows = np.arange(len(fading))
    high, low = fading[rows, last], fading[rows, after]
    share = np.clip((high - 0.5) / np.maximum(high - low, 1e-12), 0, 1)
    squared = _SPREAD[last] * (_SPREAD[after] / _SPREAD[last]) ** share
    widths: Numbers = np.minimum(np.sqrt(squared * _B_FACTOR) / (2 * np.pi), longest)
    return widths


def _middles() -> Numbers:
    return (np.arange(_TURNS) + 0.5) * 90 / _TURNS


def _angles_to_views(shares: Numbers) -> Numbers:
    """Return, for each cell, how the views are spread over the angle to its direction (cells, turns)."""
    cells, seen = sphere(), np.flatnonzero(shares)
    near = np.abs(cells.directions @ cells.directions[seen].T)
    turn = np.minimum((np.degrees(np.arccos(np.minimum(near, 1))) * _TURNS / 90).astype(np.int64), _TURNS - 1)
    place = turn + np.arange(cells.size)[:, None] * _TURNS
    weights = np.broadcast_to(shares[seen], place.shape)
    spread = np.bincount(place.ravel(), weights.ravel(), cells.size * _TURNS)
    return spread.reshape(-1, _TURNS).astype(np.float64)
