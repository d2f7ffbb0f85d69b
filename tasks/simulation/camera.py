"""A camera that counts single electrons, with its gain and its broken pixels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import NonNegativeInt, PositiveInt

from tasks.simulation.truth import Pixel

Rectangle = tuple[NonNegativeInt, NonNegativeInt, PositiveInt, PositiveInt]
"""Column and row of the lowest left pixel, width and height."""
Counts = npt.NDArray[np.uint8 | np.uint16]

_QUADRANT_DEVIATION = 0.02
_PIXEL_DEVIATION = 0.02


@dataclass(frozen=True)
class Camera:
    """What turns expected electrons to counts."""

    gain: npt.NDArray[np.float32] | None
    """Corrected image = counts times gain; none for a perfect camera."""
    hot: tuple[Pixel, ...]
    """Column and row of pixels that count far too much."""
    dead: tuple[Pixel, ...]
    """Column and row of pixels that count nothing."""
    defects: tuple[Rectangle, ...] = ()
    """Areas that count nothing."""

    def expose(self, expected: npt.NDArray[np.float32], random: np.random.Generator) -> Counts:
        """Return the counts of one frame."""
        rate = expected if self.gain is None else expected / self.gain
        if self.hot:
            rate = rate.copy()
            columns, rows = np.array(self.hot).T
            # Some pixels flicker, others are nearly saturated.
            rate[rows, columns] = rate.mean() + np.geomspace(15, 120, len(self.hot))
        counts = random.poisson(rate)
        if self.dead:
            columns, rows = np.array(self.dead).T
            counts[rows, columns] = 0
        for column, row, width, height in self.defects:
            counts[row : row + height, column : column + width] = 0
        return counts.astype(np.uint8 if counts.max(initial=0) < 256 else np.uint16)


def build_camera(shape: tuple[int, int], *, gain: bool, hot: int, dead: int, random: np.random.Generator) -> Camera:
    """Return a camera with numbers of hot and dead pixels."""
    places = random.choice(shape[0] * shape[1], hot + dead, replace=False)
    pixels = tuple((int(place % shape[1]), int(place // shape[1])) for place in places)
    return Camera(_gain(shape, random) if gain else None, pixels[:hot], pixels[hot:])


def _gain(shape: tuple[int, int], random: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return a gain within some 4 %: quadrants that are read out apart, columns, and single pixels."""
    rows, columns = shape
    quadrants = random.permutation(np.linspace(-1, 1, 4)).reshape(2, 2) * _QUADRANT_DEVIATION
    gain = 1 + _PIXEL_DEVIATION * random.standard_normal(shape, np.float32)
    gain += np.float32(0.005) * random.standard_normal((1, columns), np.float32)
    gain[: rows // 2] += quadrants[0].repeat([columns // 2, columns - columns // 2]).astype(np.float32)
    gain[rows // 2 :] += quadrants[1].repeat([columns // 2, columns - columns // 2]).astype(np.float32)
    corrected: npt.NDArray[Any] = gain / gain.mean()
    return corrected.astype(np.float32)
