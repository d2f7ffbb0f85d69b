"""Where the images of a series lie, while they are being aligned."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Geometry:
    """Tilt angles, the tilt axis, and displacements in working pixels.

    The plane of the specimen, z = 0, has coordinates x across and y along the tilt axis; see
    :class:`tasks.models.TiltAlignment`.
    """

    angles: Numbers
    """Tilt angles in degree."""
    axis: float
    """Direction of the tilt axis in degree, counter-clockwise from the y axis of the image."""
    displacements: Numbers
    """Displacement of the specimen in each image (n, 2)."""

    @property
    def cosines(self) -> Numbers:
        """Foreshortening of the plane across the axis."""
        return np.asarray(np.cos(np.radians(self.angles)))

    @property
    def tangents(self) -> Numbers:
        """Movement in the plane, across the axis, of a point per height above it."""
        return np.asarray(np.tan(np.radians(self.angles)))

    @property
    def rotation(self) -> Numbers:
        """Matrix that turns the tilt axis from the y axis to its direction."""
        angle = np.radians(self.axis)
        return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def moved(self, shifts: Numbers, turn: float = 0.0) -> Self:
        """Move the specimen in its plane by shifts (n, 2) and turn the tilt axis, in degree."""
        foreshortened = np.stack([shifts[:, 0] * self.cosines, shifts[:, 1]], axis=1)
        displacements = self.displacements + foreshortened @ self.rotation.T
        return replace(self, axis=self.axis + turn, displacements=displacements)

    def only(self, kept: npt.NDArray[np.bool_]) -> Self:
        """Keep some of the images."""
        return replace(self, angles=self.angles[kept], displacements=self.displacements[kept])
