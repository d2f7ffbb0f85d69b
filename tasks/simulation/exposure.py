"""One exposure: the specimen that moves, decays and is counted frame by frame."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from tasks.models import Optics, Shift, TiltAlignment
from tasks.numerics.fourier import irfft2, shift
from tasks.numerics.optics import interaction
from tasks.simulation.camera import Camera, Counts
from tasks.simulation.grid import Grid
from tasks.simulation.ice import Ice
from tasks.simulation.imaging import Lens, intact
from tasks.simulation.scatterers import Scatterers, projection
from tasks.simulation.truth import LocalMotion

_INELASTIC_PATH = 3500.0
"""Thickness of ice in angstrom after which 1 / e of the electrons have lost no energy, at 300 kilovolt."""


@dataclass(frozen=True)
class Exposure:
    """What is exposed, and how."""

    grid: Grid
    optics: Optics
    lens: Lens
    specimen: Sequence[Scatterers]
    alignment: TiltAlignment
    """Where the specimen is in the first frame."""
    ice: Ice
    path_length: float
    """Thickness of ice in the direction of the beam, in angstrom."""
    dose_per_frame: float
    pre_exposure: float
    displacements: tuple[Shift, ...]
    local: LocalMotion | None = None

    def expected(self) -> Iterator[npt.NDArray[np.float32]]:
        """Yield the expected number of electrons in each pixel of one frame after another."""
        transmitted = self.dose_per_frame * self.grid.pixel_size**2 * np.exp(-self.path_length / _INELASTIC_PATH)
        organic = self._contrast([group for group in self.specimen if not group.opacity])
        gold = self._contrast([group for group in self.specimen if group.opacity])
        for frame, displacement in enumerate(self.displacements):
            dose = self.pre_exposure + (frame + 0.5) * self.dose_per_frame
            if frame:
                self.ice.irradiate(self.dose_per_frame)
            ice = self.lens.contrast(self.ice.phase(self.dose_per_frame))
            whole = organic * intact(self.grid, dose, self.optics.voltage) + gold + ice
            image = self._moved(whole, frame, displacement)
            # The exponential is 1 + contrast where that is weak, and never below zero where it is strong.
            yield np.exp(self.grid.cut(image)) * np.float32(transmitted)

    def _contrast(self, groups: Sequence[Scatterers]) -> Any:  # noqa: ANN401 - a transform
        """Return the transform of the contrast of an undamaged part of the specimen; zero if it is empty."""
        if not groups:
            return np.complex64(0)
        seen = projection(groups, self.alignment, self.grid)
        phase = seen * np.float32(interaction(self.optics.voltage))
        return self.lens.contrast(phase) - seen * np.float32(groups[0].opacity)

    def counts(self, camera: Camera, random: np.random.Generator) -> Iterator[Counts]:
        """Yield the counts of one frame after another."""
        for expected in self.expected():
            yield camera.expose(expected, random)

    def _moved(self, transform: Any, frame: int, displacement: Shift) -> npt.NDArray[np.float32]:  # noqa: ANN401
        pixels = (displacement[0] / self.grid.pixel_size, displacement[1] / self.grid.pixel_size)
        image: npt.NDArray[np.float32] = irfft2(shift(transform, pixels, self.grid.padded), self.grid.padded)
        if self.local is None or frame == 0:
            return image
        return _warped(image, self.grid, self.local, frame)


def _warped(image: npt.NDArray[np.float32], grid: Grid, local: LocalMotion, frame: int) -> npt.NDArray[np.float32]:
    """Move each part of an image by its local displacement."""
    rows, columns = grid.padded
    row = np.arange(rows, dtype=np.float32)[:, None]
    column = np.arange(columns, dtype=np.float32)[None, :]
    v, u = (row - grid.corner[0]) / grid.shape[0] - 0.5, (column - grid.corner[1]) / grid.shape[1] - 0.5
    along_x, along_y = local.displacement(frame, u, v)
    size = np.float32(grid.pixel_size)
    places = np.stack(np.broadcast_arrays(row - along_y / size, column - along_x / size))
    moved: npt.NDArray[np.float32] = map_coordinates(image, places, order=3, mode="nearest")
    return moved
