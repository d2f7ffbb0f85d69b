"""Keep what a program found in a micrograph."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.formats.coordinates import write_coordinates
from tasks.models import Micrograph, Picks
from tasks.particle_picking.naming import name_of
from tasks.particle_picking.picture import draw

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """Particles of one micrograph, and how they were found."""

    places: Numbers
    """(count, 2) x and y in pixels of the micrograph."""
    merits: Numbers
    diameter: float
    """Angstrom."""
    threshold: float
    program: str
    usable: npt.NDArray[np.bool_] | None = None
    """Where particles were looked for, on any grid; none if it was everywhere."""

    def keep(self, image: npt.NDArray[np.float32], micrograph: Micrograph, folder: Path) -> Picks:
        """Write the coordinates, under the name that RELION's autopick gives, and a picture; say what there is."""
        coordinates, picture = (folder / f"{name_of(micrograph)}{end}" for end in ("_autopick.star", "_picks.jpeg"))
        write_coordinates(coordinates, self.places, self.merits)
        draw(picture, image, self.places, self.diameter / 2 / micrograph.pixel_size, self.usable)
        return Picks(
            micrograph=micrograph,
            coordinates=coordinates,
            count=len(self.places),
            excluded=0.0 if self.usable is None else float(1 - self.usable.mean()),
            diameter=self.diameter,
            threshold=self.threshold,
            program=self.program,
            diagnostic=picture,
        )
