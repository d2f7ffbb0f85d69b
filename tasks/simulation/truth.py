"""What is known of simulated data: the truth that results are measured against."""

from pathlib import Path
from typing import Any, Self

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from tasks.errors import FormatError
from tasks.formats.files import replacing
from tasks.models import Ctf, Model, Movie, Shift, TiltAlignment

Quadratic = tuple[float, float, float, float, float, float]
"""Coefficients of 1, u, u squared, v, v squared and u v."""
Point = tuple[float, float, float]
"""x, y and z in angstrom from the centre of the tomogram, where the middle of n voxels is voxel n // 2."""
Pixel = tuple[NonNegativeInt, NonNegativeInt]
"""Column and row (y upwards) from 0."""


class LocalMotion(Model):
    """Motion that differs within the image, in addition to the global displacement.

    At the fractions u = column / width - 0.5 and v = row / height - 0.5 of the image it is the quadratic of u and v
    times the progress of the frame.
    """

    x: Quadratic
    """Displacement in x at the last frame, in angstrom."""
    y: Quadratic
    """Displacement in y at the last frame, in angstrom."""
    progress: tuple[float, ...]
    """Of each frame, from 0 in the first to 1 in the last."""

    def displacement(self, frame: int, u: Any, v: Any) -> tuple[Any, Any]:  # noqa: ANN401 - numbers or arrays
        """Return the displacement in angstrom at a frame (from 0) and at fractions of the image (or arrays)."""
        terms = (1.0, u, u * u, v, v * v, u * v)
        along_x = sum(a * b for a, b in zip(self.x, terms, strict=True))
        along_y = sum(a * b for a, b in zip(self.y, terms, strict=True))
        return self.progress[frame] * along_x, self.progress[frame] * along_y


class Defocus(Model):
    """The true defocus at the centre of an image, as in :class:`tasks.models.Ctf`."""

    u: float
    """Larger defocus in angstrom; underfocus is positive."""
    v: float
    """Smaller defocus in angstrom."""
    angle: float = 0.0
    """Direction of the larger defocus in degree, counter-clockwise from the x axis."""
    phase_shift: float = 0.0
    """Phase shift of a phase plate in degree."""

    @property
    def mean(self) -> float:
        """Mean defocus in angstrom."""
        return (self.u + self.v) / 2

    def error(self, found: Ctf) -> tuple[float, float]:
        """Return how far an estimate is off, in angstrom: of defocus U and of defocus V."""
        return found.defocus_u - self.u, found.defocus_v - self.v


class MovieTruth(Model):
    """The truth of one exposure."""

    name: str
    movie: Movie | None = None
    """The file, if it was written."""
    displacements: tuple[Shift, ...]
    """Global displacement of each frame in angstrom relative to the first, as in :class:`tasks.models.Motion`."""
    local: LocalMotion | None = None
    defocus: Defocus
    hot_pixels: tuple[Pixel, ...] = ()
    """Pixels that count far too much."""
    dead_pixels: tuple[Pixel, ...] = ()
    """Pixels that count nothing."""


class Particle(Model):
    """A particle in a micrograph."""

    x: float
    """Position in the first frame in pixels from the first column."""
    y: float
    """Position in pixels from the lowest row."""
    rotation: tuple[float, float, float, float]
    """Unit quaternion (x, y, z, w) that turns the density into the specimen."""


class MicrographTruth(MovieTruth):
    """The truth of a single-particle exposure."""

    particles: tuple[Particle, ...]
    ice_thickness: PositiveFloat
    """In angstrom."""


class TiltTruth(MovieTruth):
    """The truth of one exposure of a tilt series."""

    alignment: TiltAlignment
    """Where the specimen is in the first frame."""
    nominal_angle: float
    """Tilt angle that the microscope reports, in degree."""
    number: PositiveInt
    """Place in the order of acquisition, from 1."""
    pre_exposure: NonNegativeFloat
    """Dose before this exposure in electron per square angstrom."""


class _Kept(Model):
    """Truth that is kept in a JSON file."""

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        with replacing(path) as beside:
            beside.write_text(self.model_dump_json(indent=1))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read it back."""
        if not path.is_file():
            raise FormatError(path, "no such file", "the truth of a simulation")
        return cls.model_validate_json(path.read_text())


class MoviesTruth(_Kept):
    """The truth of simulated single-particle movies."""

    name: str
    movies: tuple[MicrographTruth, ...]
    gain: Path | None = None
    """Gain reference; none if the frames do not need one."""
    density: Path | None = None
    """Volume of the particle in volt, dense material positive."""


class TiltSeriesTruth(_Kept):
    """The truth of a simulated tilt series."""

    name: str
    tilts: tuple[TiltTruth, ...]
    """In order of the tilt angle."""
    tilt_axis_angle: float
    """True direction of the tilt axis in degree, counter-clockwise from the y axis of the image."""
    nominal_axis_angle: float
    """Direction that the microscope reports."""
    handedness: int
    """+1 or -1: sign with which the height of a point adds to its defocus."""
    beads: tuple[Point, ...] = ()
    """Centres of the gold beads, of those in the field of view of the untilted image."""
    particles: tuple[Point, ...] = ()
    """Centres of the larger particles (ribosomes, or those of the density map) in that field."""
    mdoc: Path | None = None
    gain: Path | None = None
    volume: Path | None = None
    """The specimen in volt with dense material dark (negative), in the field of the untilted image."""
    voxel_size: PositiveFloat
    """Voxel size of the volume in angstrom."""
