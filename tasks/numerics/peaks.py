"""Peaks of maps of resemblance, flat or solid."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.ndimage
from scipy.spatial import cKDTree

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Peaks:
    """Places of a map where it is higher than around, the highest first."""

    places: Numbers
    """(count, 2) x and y, or (count, 3) x, y and z, in pixels."""
    heights: Numbers

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.heights)

    def where(self, mask: npt.NDArray[np.bool_]) -> "Peaks":
        """Return those of a mask."""
        return Peaks(self.places[mask], self.heights[mask])


def find_peaks(
    scores: npt.NDArray[np.float32], allowed: npt.NDArray[np.bool_], distance: float, margin: float
) -> Peaks:
    """Find the peaks above 0 where they are allowed, ``distance`` apart and ``margin`` from the edges, in pixels."""
    around = scipy.ndimage.maximum_filter(scores, 2 * int(distance / 2) + 1)
    corners = np.argwhere((scores == around) & (scores > 0) & allowed)
    corners = corners[((corners >= margin) & (corners <= np.array(scores.shape) - 1 - margin)).all(axis=1)]
    order = np.argsort(-scores[tuple(corners.T)], kind="stable")
    corners = corners[order]
    corners = corners[apart(corners, distance)]
    heights = scores[tuple(corners.T)].astype(np.float64)
    return Peaks((corners + _offsets(scores, corners))[:, ::-1], heights)


def apart(places: npt.NDArray[Any], distance: float) -> npt.NDArray[np.int64]:
    """Return the indices of places that keep their distance from all that come before them."""
    if not len(places):
        return np.empty(0, np.int64)
    free = np.ones(len(places), bool)
    # In order of the first, so that a place that was beaten beats no other.
    pairs = cKDTree(places).query_pairs(distance, output_type="ndarray")
    for better, worse in pairs[np.argsort(pairs[:, 0], kind="stable")]:
        free[worse] &= not free[better]
    return np.flatnonzero(free)


def _offsets(scores: npt.NDArray[np.float32], places: npt.NDArray[np.int64]) -> Numbers:
    """Return where parabolas through the pixels beside each peak have their tops, relative to it."""
    tops = [_top(scores, places, axis) for axis in range(scores.ndim)]
    offsets: Numbers = np.clip(np.stack(tops, axis=1), -0.5, 0.5)
    return offsets


def _top(scores: npt.NDArray[np.float32], places: npt.NDArray[np.int64], axis: int) -> Numbers:
    step = np.eye(scores.ndim, dtype=np.int64)[axis]
    last = np.array(scores.shape) - 1
    # The edge repeats itself beyond the map.
    before, here, after = (
        scores[tuple(np.clip(places + move * step, 0, last).T)].astype(np.float64) for move in (-1, 0, 1)
    )
    curvature = before + after - 2 * here
    top: Numbers = np.divide(before - after, 2 * curvature, out=np.zeros(len(places)), where=curvature < 0)
    return top
