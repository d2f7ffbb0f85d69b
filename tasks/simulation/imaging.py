"""How a phase becomes contrast: contrast transfer, also where the defocus changes over the image, and damage."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.models import Optics, TiltAlignment
from tasks.numerics.fourier import irfft2, rfft2
from tasks.numerics.optics import astigmatic_defocus, critical_dose, phase_aberration, wavelength
from tasks.simulation.grid import Grid
from tasks.simulation.truth import Defocus

Floats = npt.NDArray[np.float32]

_MOST_STRIPS = 24
_DETECTOR_FALL = 0.5
"""At the Nyquist frequency the detector keeps exp(-0.5) = 0.61 of the signal relative to the noise."""


def transfer(grid: Grid, defocus: Defocus, optics: Optics, envelope: float, height: float = 0.0) -> Floats:
    """Return the contrast that a phase of one radian makes; negative (dark) at low frequency in underfocus.

    ``height`` in angstrom is added to the defocus; ``envelope`` is a B factor in square angstrom.
    """
    squared, azimuth = grid.frequencies()
    focus = astigmatic_defocus(azimuth, defocus.u + height, defocus.v + height, defocus.angle)
    chi = phase_aberration(squared, focus, optics, defocus.phase_shift)
    nyquist = (0.5 / grid.pixel_size) ** 2
    fall = np.exp(-squared * np.float32(envelope / 4 + _DETECTOR_FALL / nyquist))
    return np.asarray(-2 * np.sin(chi) * fall, np.float32)


class Lens:
    """The contrast transfer of one exposure, where the defocus may change over the image."""

    def __init__(
        self, grid: Grid, defocus: Defocus, optics: Optics, envelope: float, heights: Floats | None = None
    ) -> None:
        """Take what each pixel adds to the defocus as ``heights``."""
        self._grid = grid
        levels = np.zeros(1) if heights is None else _levels(heights, grid, optics)
        self._transfers = [transfer(grid, defocus, optics, envelope, float(level)) for level in levels]
        self._heights = None if len(levels) == 1 else heights
        self._levels = levels

    def contrast(self, phase: Any) -> Any:  # noqa: ANN401
        """Return the transform of the contrast of a phase, given by its transform."""
        if self._heights is None:
            return phase * self._transfers[0]
        place = (self._heights - np.float32(self._levels[0])) / np.float32(self._levels[1] - self._levels[0])
        image = np.zeros(self._grid.padded, np.float32)
        for number, function in enumerate(self._transfers):
            image += np.maximum(1 - np.abs(place - number), 0) * irfft2(phase * function, self._grid.padded)
        return rfft2(image)


def defocus_heights(grid: Grid, alignment: TiltAlignment, handedness: int) -> Floats:
    """Return what the tilt of the specimen's middle plane adds to the defocus at each pixel, in angstrom."""
    rows, columns = grid.padded
    y = (np.arange(rows)[:, None] - grid.centre[0]) * grid.pixel_size - alignment.displacement[1]
    x = (np.arange(columns)[None, :] - grid.centre[1]) * grid.pixel_size - alignment.displacement[0]
    axis = math.radians(alignment.axis_angle)
    across = x * math.cos(axis) + y * math.sin(axis)
    return np.asarray(-handedness * math.tan(math.radians(alignment.angle)) * across, np.float32)


def _levels(heights: Floats, grid: Grid, optics: Optics) -> npt.NDArray[np.float64]:
    """Return heights between which the phase of the finest Thon rings that matter changes by a quarter of pi."""
    low, high = float(heights.min()), float(heights.max())
    finest = min(0.75 * 0.5 / grid.pixel_size, 1 / 6)
    step = 1 / (4 * wavelength(optics.voltage) * finest**2)
    count = min(math.ceil((high - low) / step) + 1, _MOST_STRIPS)
    return np.linspace(low, high, count) if count > 1 else np.zeros(1)


def intact(grid: Grid, dose: float, voltage: float) -> Floats:
    """Return the part of the signal that is left after a dose in electron per square angstrom."""
    squared, _ = grid.frequencies()
    frequency = np.maximum(np.sqrt(squared), 1e-4)
    return np.asarray(np.exp(-dose / (2 * critical_dose(frequency, voltage))), np.float32)
