"""What was found of the items of a session, as far as each got: the input of a project."""

from pydantic import Field, NonNegativeInt

from tasks.models import (
    Alignment,
    Ctf,
    Micrograph,
    Model,
    Motion,
    Movie,
    Particles,
    ParticleSet,
    Picks,
    TiltSeries,
    Tomogram,
)
from tasks.models.classes import Classes2D, SelectedParticles
from tasks.models.maps import Classes3D, FoundSymmetry, InitialModel, Refinement
from tasks.models.resolution import BFactorFit, PostProcessed


class ProcessedTiltSeries(Model):
    """A tilt series and what was found of it; what is missing has not been found (yet)."""

    series: TiltSeries
    motions: dict[str, Motion] = Field(default_factory=dict)
    """By the names of the tilts."""
    ctfs: dict[str, Ctf] = Field(default_factory=dict)
    """By the names of the tilts."""
    alignment: Alignment | None = None
    tomogram: Tomogram | None = None
    denoised: Tomogram | None = None
    failure: str = ""
    """Why nothing more will be found; empty while work goes on, and when all is well."""


class ProcessedMovie(Model):
    """A movie and what was found of it; what is missing has not been found (yet)."""

    movie: Movie
    """The movie; of an image that was summed already, its file and how it was taken."""
    summed: Micrograph | None = None
    """The image, if what came was summed already."""
    motion: Motion | None = None
    ctf: Ctf | None = None
    picks: Picks | None = None
    particles: Particles | None = None
    failure: str = ""
    """Why nothing more will be found; empty while work goes on, and when all is well."""

    @property
    def image(self) -> Micrograph | None:
        """The image of the specimen, if there is one yet."""
        return self.motion.micrograph if self.motion else self.summed


class ProcessedBatch(Model):
    """Particles that were classified together, and what was found of them."""

    number: NonNegativeInt = 0
    """Number of the batch, from 1; 0 counts them in their order."""
    particles: ParticleSet
    classes: Classes2D | None = None
    selected: SelectedParticles | None = None
    failure: str = ""
    """Why nothing more will be found; empty while work goes on, and when all is well."""


class ProcessedPart(Model):
    """A random part of the particles of a density, refined for the B factor."""

    particles: ParticleSet
    refinement: Refinement | None = None
    sharpened: PostProcessed | None = None


class ProcessedDensity(Model):
    """Good particles that were classified in 3D together, and what was found of them."""

    name: str
    """Tells it from the others of its session: how many particles, as a rule."""
    particles: ParticleSet
    first: InitialModel | None = None
    """The density that was found without a reference; none if that of an earlier one was taken."""
    symmetry: FoundSymmetry | None = None
    classes: Classes3D | None = None
    best: ParticleSet | None = None
    """The particles of the best class."""
    refinement: Refinement | None = None
    sharpened: PostProcessed | None = None
    parts: tuple[ProcessedPart, ...] = ()
    b_factor: BFactorFit | None = None
    failure: str = ""
    """Why nothing more will be found; empty while work goes on, and when all is well."""
