"""Where the specimen is in each frame: a global displacement and a smooth local one."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tasks.motion_correction.polynomial import TERMS, evaluate, steepest


@dataclass(frozen=True)
class Trajectory:
    """Displacements in pixels."""

    globally: npt.NDArray[np.float64]
    """x and y of each frame, shape (frames, 2)."""
    locally: npt.NDArray[np.float64]
    """Coefficients of the local model, shape (2, 18)."""

    @property
    def is_local(self) -> bool:
        """Whether there is local motion."""
        return bool(self.locally.any())

    def at(self, u: float, v: float) -> npt.NDArray[np.float64]:
        """Return the displacement of each frame at a place (-0.5 to 0.5 over the frame), shape (frames, 2)."""
        return self.globally + evaluate(self.locally, u, v, len(self.globally))

    def scaled(self, factor: float) -> "Trajectory":
        """Return it in pixels of another size."""
        return Trajectory(self.globally * factor, self.locally * factor)

    def without_local(self) -> "Trajectory":
        """Return the global motion alone."""
        return replace(self, locally=np.zeros((2, TERMS)))

    def largest_local(self) -> float:
        """Return the largest local displacement."""
        u, v = np.meshgrid(np.linspace(-0.5, 0.5, 5), np.linspace(-0.5, 0.5, 5))
        field = evaluate(self.locally, u, v, len(self.globally))
        return float(np.hypot(field[..., 0], field[..., 1]).max())

    def steepest(self) -> float:
        """Return the largest change of the displacement over a tenth of the frame."""
        return steepest(self.locally, len(self.globally))


def still(frames: int) -> Trajectory:
    """Return a trajectory without motion."""
    return Trajectory(np.zeros((frames, 2)), np.zeros((2, TERMS)))
