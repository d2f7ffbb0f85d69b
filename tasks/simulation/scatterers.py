"""A specimen as a cloud of Gaussian blobs, which can be seen from any side without a large volume in memory."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from tasks.models import TiltAlignment
from tasks.numerics.fourier import frequencies, rfft2
from tasks.simulation.grid import Grid

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Scatterers:
    """Blobs of one width."""

    positions: Floats
    """x, y and z in angstrom from the centre of the specimen, (n, 3)."""
    weights: Floats
    """Integral of the potential above that of ice, in volt cubic angstrom, (n,)."""
    width: float
    """Standard deviation of the blobs in angstrom."""
    opacity: float = 0.0
    """Share of the electrons that a volt angstrom takes out of the beam."""

    def copies(self, rotations: Rotation, centres: Floats) -> Self:
        """Return turned copies of the blobs at other places."""
        matrices = rotations.as_matrix().reshape(-1, 3, 3).astype(np.float32)
        placed = np.einsum("nij,pj->npi", matrices, self.positions) + centres[:, None, :]
        return type(self)(placed.reshape(-1, 3), np.tile(self.weights, len(centres)), self.width, self.opacity)


def joined(groups: Sequence[Scatterers]) -> list[Scatterers]:
    """Join the groups whose blobs are of one kind, so that they are projected together."""
    kinds = dict.fromkeys((group.width, group.opacity) for group in groups)
    found = []
    for width, opacity in kinds:
        alike = [group for group in groups if (group.width, group.opacity) == (width, opacity)]
        positions = np.concatenate([group.positions for group in alike])
        weights = np.concatenate([group.weights for group in alike])
        found.append(Scatterers(positions, weights, width, opacity))
    return found


def seen_at(positions: npt.NDArray[Any], alignment: TiltAlignment) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return x and y, in angstrom from the centre of the image, at which points of the specimen are seen."""
    tilt, axis = math.radians(alignment.angle), math.radians(alignment.axis_angle)
    across = positions[:, 0] * math.cos(tilt) + positions[:, 2] * math.sin(tilt)
    along = positions[:, 1]
    x = across * math.cos(axis) - along * math.sin(axis) + alignment.displacement[0]
    y = across * math.sin(axis) + along * math.cos(axis) + alignment.displacement[1]
    return x, y


def projection(groups: Iterable[Scatterers], alignment: TiltAlignment, grid: Grid) -> Any:  # noqa: ANN401 - a transform
    """Return the transform of the potential of one view, integrated along the beam, in volt angstrom."""
    total = np.zeros((grid.padded[0], grid.padded[1] // 2 + 1), np.complex64)
    for group in groups:
        x, y = seen_at(group.positions, alignment)
        total += rfft2(_spread(x, y, group.weights, grid)) * blob(group.width, grid)
    return total / np.float32(grid.pixel_size**2)


def _spread(x: npt.NDArray[Any], y: npt.NDArray[Any], weights: Floats, grid: Grid) -> Floats:
    """Share the weight of each point among the four pixels around it."""
    rows, columns = grid.padded
    column, row = x / grid.pixel_size + grid.centre[1], y / grid.pixel_size + grid.centre[0]
    inside = (column >= 0) & (column < columns - 1) & (row >= 0) & (row < rows - 1)
    column, row, weight = column[inside], row[inside], weights[inside]
    left, low = column.astype(np.int64), row.astype(np.int64)
    right_share, upper_share = (column - left).astype(np.float32), (row - low).astype(np.float32)
    image = np.zeros(rows * columns)
    for step_y, share_y in ((0, 1 - upper_share), (1, upper_share)):
        for step_x, share_x in ((0, 1 - right_share), (1, right_share)):
            places = (low + step_y) * columns + left + step_x
            image += np.bincount(places, weight * share_x * share_y, rows * columns)
    return image.reshape(rows, columns).astype(np.float32)


def blob(width: float, grid: Grid) -> Any:  # noqa: ANN401
    """Return the transform of a blob, divided by that of the spreading over four pixels."""
    fy, fx = frequencies(grid.padded, np.zeros(1, np.float32))
    # Blobs below half a pixel would alias.
    deviation = max(width / grid.pixel_size, 0.5)
    fall = np.exp(-2 * (math.pi * deviation) ** 2 * (fx**2 + fy**2))
    return (fall / (np.sinc(fx) * np.sinc(fy)) ** 2).astype(np.float32)
