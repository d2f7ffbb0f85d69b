"""Amorphous ice: the noise that moves with the specimen and carries the Thon rings.

The power is that of independent water molecules times a structure factor with the ring of amorphous ice at 3.7
angstrom. The molecules move in the beam by about 1 angstrom per electron per square angstrom (McMullan, Vinothkumar and
Henderson 2015, doi:10.1016/j.ultramic.2015.05.017), so the fine structure changes from frame to frame.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.numerics.optics import interaction
from tasks.simulation.grid import Grid

_WATER_DENSITY = 0.0311
"""Molecules per cubic angstrom at 0.93 g / cm3."""
_WATER_POTENTIAL = 145.6
"""Integral of the potential of a molecule in volt cubic angstrom: 47.88 times the amplitude of 3.04 angstrom."""
_MOBILITY = 1.0
"""Mean square displacement of a molecule in three dimensions, square angstrom per electron per square angstrom."""


class Ice:
    """The phase of ice in one frame after another."""

    def __init__(self, grid: Grid, thickness: float, voltage: float, random: np.random.Generator) -> None:
        squared, _ = grid.frequencies()
        self._grid, self._random, self._squared = grid, random, squared
        self._amplitude = _amplitude(squared, thickness, voltage) / np.float32(grid.pixel_size)
        self._phase = self._draw()

    def phase(self, dose: float) -> Any:  # noqa: ANN401 - a transform
        """Return the transform of the phase in radian, averaged over a dose from now on."""
        decays = np.maximum(_decay(self._squared) * dose, 1e-3)
        return self._phase * np.sqrt(2 * (decays - 1 + np.exp(-decays))) / decays

    def irradiate(self, dose: float) -> None:
        """Let the molecules move during a dose."""
        kept = np.exp(-_decay(self._squared) * dose)
        self._phase = self._phase * kept + self._draw() * np.sqrt(1 - kept**2)

    def _draw(self) -> npt.NDArray[np.complex64]:
        rows, columns = self._grid.padded
        numbers = self._random.standard_normal((rows, columns // 2 + 1, 2), np.float32)
        noise: npt.NDArray[np.complex64] = numbers.view(np.complex64)[..., 0]
        noise *= self._amplitude * np.float32(math.sqrt(rows * columns / 2))
        return noise


def _decay(squared: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return how fast the structure is forgotten, per electron per square angstrom, at squared frequencies."""
    return squared * np.float32(2 * math.pi**2 * _MOBILITY / 3)


def _amplitude(squared: npt.NDArray[np.float32], thickness: float, voltage: float) -> npt.NDArray[np.float32]:
    """Return the root of the power of the phase in radian angstrom at squared frequencies."""
    frequency = np.sqrt(squared)
    # The compressibility sets the structure factor at low frequency; beyond the ring molecules are independent.
    structure = (
        0.07 + 1.6 * np.exp(-0.5 * ((frequency - 0.27) / 0.035) ** 2) + 0.93 / (1 + np.exp((0.30 - frequency) / 0.02))
    )
    form = _WATER_POTENTIAL * interaction(voltage) * np.exp(-2.4 * squared)
    power = _WATER_DENSITY * thickness * form**2 * structure
    return np.asarray(np.sqrt(power), np.float32)
