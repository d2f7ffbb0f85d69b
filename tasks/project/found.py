"""What was found of the items of a session, as far as each got: the input of a project."""

from pydantic import Field

from tasks.models import (
    Alignment,
    Ctf,
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
    motion: Motion | None = None
    ctf: Ctf | None = None
    picks: Picks | None = None
    particles: Particles | None = None
    failure: str = ""
    """Why nothing more will be found; empty while work goes on, and when all is well."""


class ProcessedBatch(Model):
    """Particles that were classified together, and what was found of them."""

    particles: ParticleSet
    classes: Classes2D | None = None
    selected: SelectedParticles | None = None
    failure: str = ""
    """Why nothing more will be found; empty while work goes on, and when all is well."""
