"""Tilts, the series they make, and how they are aligned."""

from pathlib import Path
from typing import Self

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from tasks.models.acquisition import Optics
from tasks.models.base import Model, Shift
from tasks.models.ctf import Ctf
from tasks.models.movie import Micrograph, Movie


class Exclusion(Model):
    """A tilt that is not used, and why."""

    name: str
    """The tilt, or the file that would have been one."""
    reason: str
    """Why it is not used, in words for the user."""


class Tilt(Model):
    """One exposure of a tilt series."""

    name: str
    """Unique within the series: the stem of the file, or the section of a stack."""
    angle: float
    """Nominal tilt angle in degree."""
    number: PositiveInt
    """Place in the order of acquisition, from 1."""
    pre_exposure: NonNegativeFloat = 0.0
    """Dose before this exposure in electron per square angstrom."""
    source: Movie | Micrograph
    """A movie to be summed, or an image that is already summed."""


class TiltSeries(Model):
    """The exposures of one specimen area, in order of the tilt angle."""

    name: str
    tilts: tuple[Tilt, ...]
    tilt_axis_angle: float
    """Nominal direction of the tilt axis in degree, counter-clockwise from the y axis of the image."""
    optics: Optics = Optics()
    excluded: tuple[Exclusion, ...] = ()

    @model_validator(mode="after")
    def names_are_unique(self) -> Self:
        """Refuse two tilts of one name: their files would overwrite each other."""
        names = [tilt.name for tilt in self.tilts]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"tilt series {self.name}: tilt names must be unique, found twice: {', '.join(twice)}"
            raise ValueError(message)
        return self

    @property
    def movies(self) -> dict[str, Movie]:
        """The tilts that are movies, by their names."""
        return {tilt.name: tilt.source for tilt in self.tilts if isinstance(tilt.source, Movie)}


class TiltImage(Model):
    """A tilt with its image and CTF."""

    tilt: Tilt
    micrograph: Micrograph
    ctf: Ctf | None = None


class ImagedTiltSeries(Model):
    """A tilt series whose exposures have become images of one size, in order of the tilt angle."""

    name: str
    images: tuple[TiltImage, ...]
    tilt_axis_angle: float
    """Nominal direction of the tilt axis in degree, counter-clockwise from the y axis of the image."""
    optics: Optics = Optics()
    excluded: tuple[Exclusion, ...] = ()


class TiltAlignment(Model):
    """Where the specimen lies in one tilt image.

    A point (x, y, z) of the specimen, in angstrom from the centre of the tomogram, is seen in the image at
    ``R(axis_angle) (x cos(angle) + z sin(angle), y) + displacement``, in angstrom from the centre of the image,
    where R turns counter-clockwise. The centre of n pixels is pixel n // 2. The y axis of the tomogram is thus the
    tilt axis.
    """

    name: str
    """The tilt."""
    angle: float
    """Tilt angle in degree."""
    axis_angle: float
    """Direction of the tilt axis in degree, counter-clockwise from the y axis of the image."""
    displacement: Shift
    """Displacement of the specimen in the image, x and y in angstrom."""
    residual: NonNegativeFloat | None = None
    """Root mean square misfit of this tilt in angstrom, where the method gives one."""


class Alignment(Model):
    """How the images of a tilt series fit together."""

    tilts: tuple[TiltAlignment, ...]
    """In order of the tilt angle; images that are excluded are missing."""
    excluded: tuple[Exclusion, ...] = ()
    tilt_axis_angle: float
    """Direction of the tilt axis in degree, counter-clockwise from the y axis of the image."""
    score: float
    """How well the images agree, at most 1; comparable within one program only."""
    residual: PositiveFloat | None = None
    """Root mean square misfit in angstrom, where the method gives one."""
    tilt_offset: float | None = None
    """Degree that was added to the nominal tilt angles to lay the specimen flat; None where it was not measured."""
    thickness: PositiveFloat | None = None
    """Thickness of the layer of the specimen that shows detail, in angstrom; None where it cannot be told."""
    transforms: Path
    """The same as an IMOD .xf file."""
    program: str
    """Name and version of the program."""
