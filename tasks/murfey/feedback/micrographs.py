"""What Murfey is told of movies and the particles in them."""

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, PositiveInt, ValidationInfo, field_validator

from tasks.models import Model
from tasks.murfey.feedback.base import Feedback, SpaFeedback
from tasks.murfey.values import AbsolutePath, Amount, Count, Identifier, Number, Size, Text

MOST_DIAMETERS = 100
"""How many diameters of a micrograph Murfey is told.

It writes each as a row of its own, some 80 in a second, and does nothing else meanwhile; all it makes of them is their
third quartile, once it has 10000.
"""


class MotionCorrected(Feedback):
    """The movie of a tilt is corrected and its CTF estimated, or it was given up; its file stays where it is."""

    register: ClassVar[Literal["motion_corrected"]] = "motion_corrected"
    identity: ClassVar[tuple[str, ...]] = ("movie",)

    movie: Text
    """The movie, by exactly the characters of the request: ``movie_as_written``."""
    mrc_out: AbsolutePath
    """The micrograph, as the request for the alignment shall name it."""


class CtfValues(Model):
    """The CTF of a micrograph."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    ctf_image: AbsolutePath = Field(alias="CtfImage")
    """Picture of the fit."""
    max_resolution: Amount = Field(alias="CtfMaxResolution")
    """Resolution to which it fits, in angstrom."""
    figure_of_merit: Number = Field(alias="CtfFigureOfMerit")
    """Correlation of the fit."""
    defocus_u: Number = Field(alias="DefocusU")
    """Larger defocus in angstrom."""
    defocus_v: Number = Field(alias="DefocusV")
    """Smaller defocus in angstrom."""
    defocus_angle: Number = Field(alias="DefocusAngle")
    """Direction of the larger defocus in degree."""


class ExtractionParameters(Model):
    """What the request for extraction repeats."""

    micrographs_file: AbsolutePath
    """The micrograph."""
    coord_list_file: AbsolutePath
    """Star file of the positions of its particles."""
    extract_file: AbsolutePath
    """Star file that the particles are to be written to."""
    ctf_values: CtfValues
    """Its CTF."""


class PickedParticles(SpaFeedback):
    """The particles of a micrograph are picked: Murfey asks for their extraction once it knows the diameter."""

    register: ClassVar[Literal["picked_particles"]] = "picked_particles"
    identity: ClassVar[tuple[str, ...]] = ("motion_correction_id",)

    motion_correction_id: Identifier
    """Murfey's number of the request for the movie: ``mc_uuid``."""
    micrograph: AbsolutePath
    """The micrograph."""
    extraction_parameters: ExtractionParameters
    """What the request for extraction repeats."""
    most_diameters: Annotated[PositiveInt, Field(exclude=True)] = MOST_DIAMETERS
    """How many diameters are told at most; it is not sent."""
    particle_diameters: tuple[Size, ...]
    """Diameters of the particles in angstrom; of many, some that are distributed in the same way."""
    particle_count: Count
    """Number of particles."""
    resolution: Amount | None = None
    """Resolution of the CTF in angstrom, of which users are warned."""
    astigmatism: Amount | None = None
    """Difference of the two defoci in angstrom, of which users are warned."""
    defocus: Number | None = None
    """Mean defocus in angstrom, of which users are warned."""

    @field_validator("particle_diameters")
    @classmethod
    def _sampled(cls, diameters: tuple[float, ...], known: ValidationInfo) -> tuple[float, ...]:
        return sampled(diameters, known.data.get("most_diameters", MOST_DIAMETERS))


def sampled(values: tuple[float, ...], most: int) -> tuple[float, ...]:
    """Return some of many values that are distributed in the same way, always the same ones."""
    if len(values) <= most:
        return values
    ordered, step = sorted(values), len(values) / most
    return tuple(ordered[int((place + 0.5) * step)] for place in range(most))
