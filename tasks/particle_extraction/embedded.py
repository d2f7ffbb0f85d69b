"""Built-in extraction of particles."""

from importlib.metadata import version
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, PositiveFloat, model_validator

from tasks.errors import InputError
from tasks.formats.coordinates import read_coordinates
from tasks.formats.mrc import read_image, require_finite, writing
from tasks.models import Ctf, Device, Model, Optics, Particles, Picks
from tasks.numerics.device import to_device, to_host
from tasks.particle_extraction.boxes import Boxes, boxes_within, cut
from tasks.particle_extraction.naming import name_of
from tasks.particle_extraction.normalisation import Background, binned, normalised
from tasks.particle_extraction.particle_star import optics_table, particle_table, write_particles

_BACKGROUND = 0.75
"""Diameter of the circle beyond which is background, in sides of the box, as in RELION."""
_PIXELS_AT_ONCE = 2**22


class EmbeddedExtraction(Model):
    """Cut boxes, bin them, and normalise them as RELION does."""

    tool: Literal["embedded"] = "embedded"
    diameter: PositiveFloat | None = None
    """Diameter of the particles in angstrom, which decides on the box; none to take that of the picks. Images of
    several micrographs need boxes of one size, and thus one diameter (or box)."""
    box_size: int | None = Field(default=None, ge=16, multiple_of=2)
    """Side of the box in pixels of the micrograph, even; none for one and a half diameters."""
    binned_size: int | None = Field(default=None, ge=16, multiple_of=2)
    """Side of the images in pixels, even, to which the boxes are binned; none to leave them as they are."""
    background_diameter: PositiveFloat | None = None
    """Diameter in angstrom of the circle beyond which is background; none for three quarters of the box."""
    dust: PositiveFloat | None = None
    """Pixels that many standard deviations from the background are replaced by noise; none to leave them."""
    invert: bool = True
    """Make dark particles bright, as classification and refinement want them."""
    device: Device = "cpu"

    @model_validator(mode="after")
    def binning_makes_smaller(self) -> Self:
        """Refuse to bin to more pixels than there are."""
        if self.box_size and self.binned_size and self.binned_size > self.box_size:
            raise ValueError(f"binned_size {self.binned_size}: larger than box_size {self.box_size}")
        return self

    def extract(self, picks: Picks, ctf: Ctf, optics: Optics, folder: Path) -> Particles:
        """Extract the particles of one micrograph into a stack with a STAR file."""
        micrograph = picks.micrograph
        image = read_image(micrograph.path, micrograph.section)
        require_finite(micrograph.path, image)
        diameter = self.diameter or picks.diameter
        size = self.box_size or box_of(diameter, micrograph.pixel_size)
        side = self._binned(size, micrograph.path)
        boxes = boxes_within(*read_coordinates(picks.coordinates), size, image.shape)
        stack, star = (folder / f"{name_of(micrograph)}{suffix}" for suffix in (".mrcs", "_extract.star"))
        pixel_size = micrograph.pixel_size * size / side
        if len(boxes):
            self._write(image, boxes, stack, (side, pixel_size))
        write_particles(
            star,
            (
                optics_table(optics, micrograph.pixel_size, pixel_size, side),
                particle_table(boxes, stack, micrograph, ctf),
            ),
        )
        return Particles(
            micrograph=micrograph,
            stack=stack if len(boxes) else None,
            star=star,
            count=len(boxes),
            left_out=boxes.left_out,
            box_size=side,
            pixel_size=pixel_size,
            diameter=diameter,
            program=f"cryoem-flows {version('cryoem-flows')}",
        )

    def _binned(self, size: int, path: Path) -> int:
        side = self.binned_size or size
        if side > size:
            raise InputError(path, f"boxes of {size} pixels", f"at least {side} (binned_size)")
        return side

    def _write(self, image: npt.NDArray[np.float32], boxes: Boxes, stack: Path, grid: tuple[int, float]) -> None:
        """Write the images, a part of them at a time; ``grid``: side in pixels and pixel size in angstrom."""
        side, pixel_size = grid
        diameter = self.background_diameter / pixel_size if self.background_diameter else _BACKGROUND * side
        background = Background(side, diameter / 2)
        on_device = to_device(image, self.device)
        step = max(_PIXELS_AT_ONCE // boxes.size**2, 1)
        with writing(stack, (side, side), pixel_size, stack=True) as writer:
            for first in range(0, len(boxes), step):
                images = binned(cut(on_device, boxes.centres[first : first + step], boxes.size), side)
                images = normalised(images, background, self.dust)
                for section in to_host(-images if self.invert else images):
                    writer.write(section)


def box_of(diameter: float, pixel_size: float) -> int:
    """Return the even side in pixels of a box of one and a half diameters."""
    return max(2 * round(0.75 * diameter / pixel_size), 16)
