"""Directions in space, counted in cells of nearly the same area that cover a sphere."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]

_RINGS = 36
"""Rings of cells from pole to pole: each is 5 degree wide."""


@dataclass(frozen=True)
class Sphere:
    """A sphere of cells, ring after ring from the pole on z to the one opposite."""

    counts: Cells
    """Cells of each ring."""
    directions: Numbers
    """(cells, 3) x, y and z of the middle of each cell."""
    areas: Numbers
    """Share of the sphere of each cell."""

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.areas)

    def cells_of(self, azimuth: Numbers, inclination: Numbers) -> Cells:
        """Return the cell of each direction, by its angle about z and from z in degree."""
        # An inclination beyond 0 to 180 means the other side.
        folded = np.mod(inclination, 360)
        across = folded > 180
        ring = np.minimum((np.where(across, 360 - folded, folded) * _RINGS / 180).astype(np.int64), _RINGS - 1)
        turn = np.mod(azimuth + np.where(across, 180, 0), 360) / 360
        place = np.minimum((turn * self.counts[ring]).astype(np.int64), self.counts[ring] - 1)
        found: Cells = (np.cumsum(self.counts) - self.counts)[ring] + place
        return found


@cache
def sphere() -> Sphere:
    """Return the sphere of cells."""
    edges = np.radians(np.linspace(0, 180, _RINGS + 1))
    middles = (edges[1:] + edges[:-1]) / 2
    counts = np.maximum(np.rint(2 * _RINGS * np.sin(middles)), 1).astype(np.int64)
    inclination = np.repeat(middles, counts)
    azimuth = np.concatenate([(np.arange(count) + 0.5) * 2 * np.pi / count for count in counts])
    flat = np.sin(inclination)
    directions = np.column_stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.cos(inclination)])
    areas = np.repeat((np.cos(edges[:-1]) - np.cos(edges[1:])) / 2 / counts, counts)
    return Sphere(counts, directions, areas)


def angles_of(directions: Numbers) -> tuple[Numbers, Numbers]:
    """Return the angles about z and from z, in degree, of (count, 3) unit vectors."""
    x, y, z = directions.T
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arccos(np.clip(z, -1, 1)))
