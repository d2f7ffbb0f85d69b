"""Particles: where they are in a micrograph, and the images cut out there."""

from pathlib import Path

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from tasks.models.base import Model
from tasks.models.movie import Micrograph
from tasks.models.tomogram import Tomogram


class Picks(Model):
    """The centres of the particles in one micrograph; none found is a result too."""

    micrograph: Micrograph
    """The image in which they were found."""
    coordinates: Path
    """STAR file as RELION's autopick writes it: rlnCoordinateX and rlnCoordinateY in pixels of the micrograph,
    rlnAutopickFigureOfMerit, rlnClassNumber and rlnAnglePsi. x counts columns and y rows of the MRC file, both from 0,
    so that (0, 0) is the centre of the pixel stored first, which is the lowest left one (y is upwards)."""
    count: NonNegativeInt
    """Number of particles."""
    excluded: float = Field(default=0.0, ge=0, le=1)
    """Fraction of the micrograph that was left out as contamination, carbon or crystalline ice."""
    diameter: PositiveFloat
    """Diameter of the particles in angstrom: estimated in this micrograph, or as it was given."""
    threshold: float
    """Lowest figure of merit of a particle; its scale is that of the program."""
    program: str
    """Name and version of the program."""
    diagnostic: Path | None = None
    """Picture of the micrograph with the particles marked."""


class TomogramPicks(Model):
    """The centres of the particles in one tomogram; none found is a result too."""

    tomogram: Tomogram
    """The volume in which they were found."""
    coordinates: Path
    """STAR file of particles as RELION 5 has them: rlnTomoName, the centre as rlnCenteredCoordinateXAngst, -YAngst and
    -ZAngst in angstrom from the centre of the tomogram (the middle of n voxels is voxel n // 2), and
    rlnAutopickFigureOfMerit; the best come first."""
    count: NonNegativeInt
    """Number of particles."""
    excluded: float = Field(default=0.0, ge=0, le=1)
    """Fraction of the tomogram that was left out, as gold and other foreign matter."""
    diameter: PositiveFloat
    """Diameter of the particles in angstrom, as it was given."""
    threshold: float
    """Lowest figure of merit of a particle; its scale is that of the program."""
    program: str
    """Name and version of the program."""
    diagnostic: Path | None = None
    """Picture of the slab of the tomogram that holds most particles, with those in it marked."""


class Particles(Model):
    """The images of the particles of one micrograph."""

    micrograph: Micrograph
    """The image from which they were cut."""
    stack: Path | None
    """MRC stack (.mrcs), particles bright unless they were left as they are; none without particles."""
    star: Path
    """STAR file as RELION 3.1 writes it: data_optics, and data_particles with coordinates, CTF and
    rlnImageName 000001@stack, counted from 1 as the sections of the stack."""
    count: NonNegativeInt
    """Number of images."""
    left_out: NonNegativeInt = 0
    """Picked particles whose box would reach beyond the micrograph."""
    box_size: PositiveInt
    """Side of the images in pixels, after binning."""
    pixel_size: PositiveFloat
    """Pixel size in angstrom, after binning."""
    diameter: PositiveFloat
    """Diameter of the particles in angstrom; what is outside was taken for background."""
    program: str
    """Name and version of the program."""


class ParticleSet(Model):
    """Particles of many micrographs, to be classified or refined together."""

    star: Path
    """STAR file as RELION 3.1 writes it, with the table of the optics groups."""
    count: NonNegativeInt
    """Number of particles."""
    box_size: PositiveInt
    """Side of the images in pixels."""
    pixel_size: PositiveFloat
    """Pixel size of the images in angstrom."""
    diameter: PositiveFloat
    """Diameter of the particles in angstrom."""
    left_out: tuple[str, ...] = ()
    """Which micrographs do not fit to the others and were left out, each with the reason, in words for the user."""
