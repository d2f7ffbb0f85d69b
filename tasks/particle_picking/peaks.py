"""Peaks of a map of resemblance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.ndimage
from scipy.spatial import cKDTree

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Peaks:
    """Places of a map where it is higher than around, the highest first."""

    places: Numbers
    """(count, 2) x and y in pixels."""
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
    y, x = np.nonzero((scores == around) & (scores > 0) & allowed)
    rows, columns = scores.shape
    inside = (x >= margin) & (y >= margin) & (x <= columns - 1 - margin) & (y <= rows - 1 - margin)
    y, x = y[inside], x[inside]
    order = np.argsort(-scores[y, x], kind="stable")
    places = np.stack([x[order], y[order]], axis=1)
    places = places[_apart(places, distance)]
    heights = scores[places[:, 1], places[:, 0]].astype(np.float64)
    return Peaks(places + _offsets(scores, places), heights)


def _apart(places: npt.NDArray[np.int64], distance: float) -> npt.NDArray[np.int64]:
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
    padded = np.pad(scores, 1, mode="edge").astype(np.float64)
    x, y = places[:, 0] + 1, places[:, 1] + 1
    pairs = ((padded[y, x - 1], padded[y, x + 1]), (padded[y - 1, x], padded[y + 1, x]))
    curvatures = [before + after - 2 * padded[y, x] for before, after in pairs]
    tops = [
        np.divide(before - after, 2 * curvature, out=np.zeros(len(x)), where=curvature < 0)
        for (before, after), curvature in zip(pairs, curvatures, strict=True)
    ]
    offsets: Numbers = np.clip(np.stack(tops, axis=1), -0.5, 0.5)
    return offsets
