"""How thick the ice is, as far as an image tells."""

import math
from pathlib import Path
from typing import Self

from pydantic import NonNegativeInt, PositiveFloat

from tasks.models.base import Model


class IceThickness(Model):
    """The distribution of the ice thickness over a micrograph, from the electrons that it took away.

    A thickness is ``-log(intensity / reference)``, in mean free paths of the electrons that the aperture or the energy
    filter stops. It is the thickness of the ice, and of all else that lies there, if the reference is the intensity
    without specimen. Otherwise the reference is the brightest area seen, and the figures say how much thicker than
    there.
    """

    minimum: float
    """Thinnest area, in mean free paths."""
    first_quartile: float
    """A quarter of the area is thinner."""
    median: float
    """Half of the area is thinner."""
    third_quartile: float
    """Three quarters of the area are thinner."""
    maximum: float
    """Thickest area."""
    reference: PositiveFloat
    """Intensity per pixel that counts as no thickness."""
    brightest: PositiveFloat
    """Intensity per pixel of the thinnest area; the largest of a session can be its reference."""
    groups: Path | None = None
    """Image of the micrograph's size in which each pixel has the mean intensity of the ice group that it belongs to;
    none if the program makes no groups, or they were not kept."""
    program: str
    """Name and version of the program."""

    @property
    def figures(self) -> tuple[float, float, float, float, float]:
        """Minimum, first quartile, median, third quartile and maximum."""
        return self.minimum, self.first_quartile, self.median, self.third_quartile, self.maximum

    def relative_to(self, reference: float) -> Self:
        """Say the same relative to another reference, for example the brightest area of a session."""
        more = math.log(reference / self.reference)
        names = ("minimum", "first_quartile", "median", "third_quartile", "maximum")
        moved = {name: value + more for name, value in zip(names, self.figures, strict=True)}
        return self.model_copy(update={**moved, "reference": reference})


class IceOfParticles(Model):
    """The ice in which the particles of one micrograph lie."""

    star: Path
    """STAR file of the picks, in their order, with two more columns: rlnHelicalTubeID, in which IceBreaker has the ice
    because RELION knows the column, holds 10000 times the intensity about the particle, the larger the thinner the ice;
    iceThickness says the same in mean free paths, relative to the reference of the micrograph's ice thickness."""
    count: NonNegativeInt
    """Number of particles."""
    thinnest: float | None
    """Thickness about the particle in the thinnest ice, in mean free paths; none without particles."""
    median: float | None
    """Half of the particles lie in thinner ice."""
    thickest: float | None
    """Thickness about the particle in the thickest ice."""
    program: str
    """Name and version of the program that estimated the ice."""
