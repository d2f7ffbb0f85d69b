"""The pixels of a simulated image, with a margin that is cut off at the end."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft

from tasks.numerics.fourier import frequencies


@dataclass(frozen=True)
class Grid:
    """Pixels of an image and of the larger image that is computed, so that nothing comes in from the other side."""

    shape: tuple[int, int]
    pixel_size: float
    """In angstrom."""
    margin: int = 32
    """Pixels on each side, at least."""

    @property
    def padded(self) -> tuple[int, int]:
        """Return the size of the larger image: a fast one to transform."""
        if not self.margin:
            return self.shape
        rows, columns = (scipy.fft.next_fast_len(n + 2 * self.margin, real=True) for n in self.shape)
        return rows, columns

    @property
    def corner(self) -> tuple[int, int]:
        """Return row and column of the larger image at which the image starts."""
        rows, columns = ((large - small) // 2 for large, small in zip(self.padded, self.shape, strict=True))
        return rows, columns

    @property
    def centre(self) -> tuple[int, int]:
        """Return row and column of the larger image that are the centre of the image."""
        return self.corner[0] + self.shape[0] // 2, self.corner[1] + self.shape[1] // 2

    def cut(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Cut the image out of the larger image."""
        row, column = self.corner
        return image[..., row : row + self.shape[0], column : column + self.shape[1]]

    def frequencies(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return the squared frequency in 1 / angstrom squared and the azimuth in radian of each coefficient."""
        fy, fx = frequencies(self.padded, np.zeros(1, np.float32))
        squared = (fx**2 + fy**2) / np.float32(self.pixel_size**2)
        return squared, np.arctan2(fy, fx)
