"""Keep what a program found in a tomogram."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.models import Tomogram, TomogramPicks
from tasks.tomogram_picking.picture import draw

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """Particles of one tomogram, and how they were found."""

    places: Numbers
    """(count, 3) x, y and z in angstrom from the centre of the tomogram."""
    merits: Numbers
    diameter: float
    """Angstrom."""
    threshold: float
    program: str
    excluded: float = 0.0
    """Fraction of the tomogram where nothing was looked for."""

    def keep(self, name: str, tomogram: Tomogram, folder: Path) -> TomogramPicks:
        """Write coordinates and a picture, named by the tilt series; say what there is."""
        # It takes seconds to load, for which a run that picks nothing need not wait.
        from tasks.formats.coordinates import write_tomogram_coordinates  # noqa: PLC0415

        coordinates, picture = (folder / f"{name}_picks.{kind}" for kind in ("star", "jpeg"))
        write_tomogram_coordinates(coordinates, name, self.places, self.merits)
        middle = np.array([length // 2 for length in reversed(tomogram.shape)])
        draw(picture, tomogram.path, self.places / tomogram.voxel_size + middle, self.diameter / tomogram.voxel_size)
        return TomogramPicks(
            tomogram=tomogram,
            coordinates=coordinates,
            count=len(self.places),
            excluded=self.excluded,
            diameter=self.diameter,
            threshold=self.threshold,
            program=self.program,
            diagnostic=picture,
        )
