"""Single particle analysis: from the movies of a session to a sharpened density and its B factor."""

from pathlib import Path

from prefect import flow
from pydantic import Field, PositiveInt

from flows.averaging import b_factor, density, good_particles
from flows.averaging_tools import AveragingTools
from flows.micrograph_tools import MicrographTools
from flows.picking import extracted, preprocessed
from flows.runner import SiteTaskRunner
from flows.spa_sources import MovieFolder, gather_movies
from tasks.models import Model
from tasks.models.classes import PostProcessed


class SpaPlace(Model):
    """Which movies, and where their results go."""

    name: str = Field(min_length=1, pattern=r"^[^/\x00]+$")
    """Name of the session; names the run."""
    source: MovieFolder
    """Where the movies are."""
    folder: Path
    """Folder for the results; a folder per step is made in it."""


class SingleParticle(AveragingTools, MicrographTools, SpaPlace):
    """How to process the movies of a session."""

    smallest_subset: PositiveInt = 2000
    """Particles of the smallest part that is refined for the B factor; each further part is twice as large."""


@flow(name="spa", flow_run_name="{spa.name}", task_runner=SiteTaskRunner())
def process_single_particles(spa: SingleParticle) -> PostProcessed:
    """Process a session: micrographs, particles, classes, a density and its B factor."""
    movies = gather_movies(spa.source)
    micrographs = preprocessed(spa.name, movies, spa.source.acquisition.optics, spa, spa.folder)
    particles = extracted(spa.name, micrographs, spa.extractor, spa.folder / "particle_extraction")
    good = good_particles(particles, spa, spa.folder)
    refinement, sharpened = density(good, spa, spa.folder)
    b_factor(refinement, sharpened, spa, spa.smallest_subset, spa.folder / "b_factor")
    return sharpened
