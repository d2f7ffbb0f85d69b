"""Single particle analysis: from the movies of a session to a sharpened density and its B factor."""

from pathlib import Path

from prefect import flow
from pydantic import Field

from flows.averaging_programs import require_programs
from flows.averaging_tools import AveragingTools
from flows.micrograph_tools import MicrographTools
from flows.picking import extracted, preprocessed
from flows.project_of_records import project_of_movies
from flows.runner import SiteTaskRunner
from flows.spa_outcome import Outcome, averaged
from flows.spa_sources import MovieFolder, gather_movies
from tasks.models import Model


class SpaPlace(Model):
    """Which movies, and where their results go."""

    name: str = Field(min_length=1, pattern=r"^[^/\x00]+$")
    """Name of the session; names the run."""
    source: MovieFolder
    """Where the movies are."""
    folder: Path
    """Folder for the results; a folder per step is made in it."""
    project: bool = True
    """Write a RELION project into the folder, too, of what was found as far as it got."""


class SingleParticle(AveragingTools, MicrographTools, SpaPlace):
    """How to process the movies of a session."""


@flow(name="spa", flow_run_name="{spa.name}", task_runner=SiteTaskRunner())
def process_single_particles(spa: SingleParticle) -> Outcome:
    """Process a session: micrographs, particles, classes, a density and its B factor."""
    movies = gather_movies(spa.source, spa.folder)
    micrographs = preprocessed(spa.name, movies, spa.source.acquisition.optics, spa, spa.folder)
    particles = extracted(spa.name, micrographs, spa.extractor, spa.folder)
    try:
        require_programs(spa, particles)
        return averaged(spa.name, particles, spa, spa.folder)
    finally:
        if spa.project:
            # A project that somebody holds does not make a density fail.
            found = (spa.folder, spa.name, movies.sources, spa.source.acquisition)
            project_of_movies.submit(*found).wait()
