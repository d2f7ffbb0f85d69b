"""The space that a specimen fills."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Slab:
    """The space that is filled, around the centre."""

    width: float
    """Along x, in angstrom."""
    height: float
    """Along y, in angstrom."""
    thickness: float
    """Along z, in angstrom."""

    @property
    def volume(self) -> float:
        """Volume in cubic angstrom."""
        return self.width * self.height * self.thickness

    def places(self, count: int, radius: float, random: np.random.Generator) -> npt.NDArray[np.float32]:
        """Return random points at least a radius below the surfaces."""
        reach = np.array([self.width, self.height, max(self.thickness - 2 * radius, 1.0)]) / 2
        return random.uniform(-reach, reach, (count, 3)).astype(np.float32)
