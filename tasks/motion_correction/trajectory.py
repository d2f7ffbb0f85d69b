"""Where the specimen is in each frame: a global displacement and a smooth local one."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tasks.motion_correction.polynomial import spatial_terms

LOCAL_TERMS = 5
"""Terms in space that differ within the frame: x, x squared, y, y squared and xy."""


@dataclass(frozen=True)
class Trajectory:
    """Displacements in pixels."""

    globally: npt.NDArray[np.float64]
    """x and y of each frame, shape (frames, 2)."""
    locally: npt.NDArray[np.float64]
    """Coefficients of the local terms in each frame, shape (frames, 2, 5)."""

    @property
    def is_local(self) -> bool:
        """Whether there is local motion."""
        return bool(self.locally.any())

    def at(self, u: float, v: float) -> npt.NDArray[np.float64]:
        """Return the displacement of each frame at a place (-0.5 to 0.5 over the frame), shape (frames, 2)."""
        return np.asarray(self.globally + self.locally @ local_terms(u, v))

    def scaled(self, factor: float) -> "Trajectory":
        """Return it in pixels of another size."""
        return Trajectory(self.globally * factor, self.locally * factor)

    def from_first(self) -> "Trajectory":
        """Return it relative to the first frame."""
        return Trajectory(self.globally - self.globally[0], self.locally - self.locally[0])

    def without_local(self) -> "Trajectory":
        """Return the global motion alone."""
        return replace(self, locally=np.zeros_like(self.locally))

    def largest_local(self) -> float:
        """Return the largest local displacement."""
        return float(np.linalg.norm(self._field(5), axis=1).max())

    def steepest(self) -> float:
        """Return the largest change of the displacement over a tenth of the frame."""
        field = self._field(11)
        return float(max(np.linalg.norm(np.diff(field, axis=axis), axis=1).max() for axis in (2, 3)))

    def _field(self, places: int) -> npt.NDArray[np.float64]:
        """Return the local displacements on a grid, shape (frames, 2, rows, columns)."""
        u, v = np.meshgrid(np.linspace(-0.5, 0.5, places), np.linspace(-0.5, 0.5, places))
        return np.asarray(np.einsum("fci,yxi->fcyx", self.locally, local_terms(u, v)))


def local_terms(u: npt.ArrayLike, v: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the terms at places along a new last axis."""
    return spatial_terms(u, v)[..., 1:]


def still(frames: int) -> Trajectory:
    """Return a trajectory without motion."""
    return Trajectory(np.zeros((frames, 2)), np.zeros((frames, 2, LOCAL_TERMS)))
