"""A RELION project of single particles: from movies to extracted particles and their 2D classes."""

from collections.abc import Sequence
from pathlib import Path

from tasks.errors import InputError
from tasks.formats.star_text import table
from tasks.project.batches import write_batches
from tasks.project.found import ProcessedBatch, ProcessedMovie
from tasks.project.job import claim, finish
from tasks.project.movie_rows import CTF, PICK, Optics, corrected, fitted, imported, picked
from tasks.project.particle_files import image_names, write_particles
from tasks.project.places import Places
from tasks.project.spa_jobs import STAGES, outcomes
from tasks.project.tilt_rows import Columns
from tasks.project.writing import write_text

RESERVED = 100
"""Numbers that are kept for our jobs, of which there are two for each batch; the first job of a user is number 101."""


def write_spa_project(
    folder: Path, session_name: str, movies: Sequence[ProcessedMovie], batches: Sequence[ProcessedBatch] = ()
) -> None:
    """Write what was found of the movies of a session as a project that RELION 3.1, 4 and 5 open.

    Written again, it brings the project up to date; jobs that others have added stay. Give the movies in the order in
    which they arrived: what is new then comes last in every file.
    """
    _check(movies)
    claim(folder)
    places, optics = Places(folder), Optics(movies)
    _write(folder, "import", "movies", optics.rows(of_micrographs=False), imported(places, optics, movies))
    groups = optics.rows(of_micrographs=True)
    _write(folder, "motion", "micrographs", groups, corrected(places, optics, movies))
    _write(folder, "ctf", "micrographs", groups, fitted(places, optics, movies))
    coordinates = picked(places, movies)
    if coordinates:
        write_text(folder / PICK / "autopick.star", table("coordinate_files", coordinates))
        write_text(folder / PICK / "coords_suffix_autopick.star", f"{CTF}/micrographs_ctf.star\n")
    write_particles(folder, places, optics, movies)
    names = {old: new for found in movies if found.particles for old, new in image_names(places, found).items()}
    jobs = [*outcomes(movies), *write_batches(folder, batches, names)]
    finish(folder, session_name, jobs, RESERVED)


def _check(movies: Sequence[ProcessedMovie]) -> None:
    seen: set[Path] = set()
    for found in movies:
        if found.movie.path in seen:
            raise InputError(found.movie.path, "given twice", "every movie of a session once")
        seen.add(found.movie.path)


def _write(folder: Path, stage: str, block: str, groups: list[Columns], rows: list[Columns]) -> None:
    if rows:
        write_text(folder / STAGES[stage].output, table("optics", groups) + table(block, rows))
