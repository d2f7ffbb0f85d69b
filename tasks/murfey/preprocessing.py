"""Requests for the correction of a movie and what follows from it alone."""

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from tasks.murfey.request import Request
from tasks.murfey.values import (
    AbsolutePath,
    Amount,
    Count,
    Identifier,
    KnownSize,
    Positive,
    Size,
    Text,
    Truth,
)


class Preprocess(Request):
    """A movie and how it was taken."""

    identity: ClassVar[tuple[str, ...]] = ("movie",)
    place: ClassVar[str] = "mrc_out"

    movie: AbsolutePath
    """The movie."""
    movie_as_written: Annotated[str, BeforeValidator(str)] = Field(validation_alias="movie")
    """The movie exactly as the message writes it: Murfey finds it by these characters."""
    mrc_out: AbsolutePath
    """Where the micrograph is looked for."""
    pixel_size: Size
    """Pixel size of the movie in angstrom, before binning."""
    kv: Size | None = None
    """Acceleration voltage in kilovolt."""
    dcid: Identifier | None = None
    """Row of the data collection in ISPyB."""
    mc_uuid: Identifier | None = None
    """Murfey's number of this request: a movie that is announced again has another one."""
    image_number: Count | None = None
    """Murfey's count of the movie; neither unique nor without gaps."""
    microscope: Text | None = None
    """Name of the microscope."""
    ft_bin: Positive = 1
    """Binning in motion correction."""
    fm_dose: Amount | None = None
    """Dose of a frame in electron per square angstrom (of EER: of a fraction)."""
    gain_ref: AbsolutePath | None = None
    """Gain reference."""
    fm_int_file: AbsolutePath | None = None
    """File that says how the frames of EER become fractions."""

    @field_validator("mrc_out")
    @classmethod
    def _beside_the_movie(cls, given: Path, known: ValidationInfo) -> Path:
        if given == known.data.get("movie"):
            expected = "another path than that of the movie"
            raise ValueError(expected)
        return given

    @field_validator("gain_ref", mode="before")
    @classmethod
    def _below_the_data(cls, given: Any, known: ValidationInfo) -> Any:  # noqa: ANN401 - as pydantic
        """Find a gain reference whose path begins at a folder of the movie's path, as sites may send it."""
        movie = known.data.get("movie")
        if not isinstance(given, str) or given.startswith("/") or not isinstance(movie, Path):
            return given
        first = Path(given).parts[0]
        if first not in movie.parts:
            expected = "an absolute path, or one that begins with a folder of the movie's path"
            raise ValueError(expected)
        return str(Path(*movie.parts[: movie.parts.index(first)], given))


class SpaPreprocess(Preprocess):
    """Correct a movie of single particles, estimate its CTF and pick particles."""

    recipe: ClassVar[str] = "em-spa-preprocess"
    kind: ClassVar[str] = "movie"
    answers_name: ClassVar[tuple[str, ...]] = ("autoproc_program_id", "session_id", "mc_uuid")

    session_id: Identifier | None = None
    """Murfey's session."""
    picker_uuid: Identifier | None = None
    """Murfey's number of the particles picked for this request."""
    foil_hole_id: Identifier | None = None
    """Row of the foil hole in ISPyB."""
    particle_diameter: KnownSize = None
    """Diameter of the particles in angstrom; none while it is not known."""
    do_icebreaker_jobs: Truth = True
    """Whether the thickness of the ice is to be estimated."""
    cryolo_model_weights: Text | None = None
    """Model for picking with crYOLO."""


class TomoPreprocess(Preprocess):
    """Correct the movie of a tilt and estimate its CTF."""

    recipe: ClassVar[str] = "em-tomo-preprocess"
    kind: ClassVar[str] = "tilt_movie"

    frame_count: Count = 0
    """Number of frames; 0 if it is not known."""
