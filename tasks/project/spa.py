"""A RELION project of single particles: from movies to particles, their 2D classes, and sharpened densities."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from tasks.errors import InputError
from tasks.project import densities as in_3d
from tasks.project.batches import FIRST, counted, jobs_of, write_batches
from tasks.project.found import ProcessedBatch, ProcessedDensity, ProcessedMovie
from tasks.project.job import claim, finish
from tasks.project.lock import LOCK_SECONDS, alone
from tasks.project.movie_rows import FITTED, IMPORT, MOTION, PICK
from tasks.project.movie_tables import head_of, made_of_movie
from tasks.project.numbers import job_numbers
from tasks.project.particle_files import EXTRACT
from tasks.project.register import Items, read_register, write_register
from tasks.project.spa_jobs import outcomes
from tasks.project.stamps import stamped
from tasks.project.tables import bring_up_to_date
from tasks.project.writing import write_text

RESERVED = 9
"""Numbers that are the same in every session; those of later jobs, ours and a user's, are the next ones."""


def write_spa_project(
    folder: Path,
    session_name: str,
    movies: Sequence[ProcessedMovie],
    batches: Sequence[ProcessedBatch] = (),
    densities: Sequence[ProcessedDensity] = (),
) -> None:
    """Write what was found of the movies of a session as a project that RELION 3.1, 4 and 5 open.

    Written again, it brings the project up to date; jobs that others have added stay. Give the movies in the order in
    which they arrived: what is new then comes last in every file.
    """
    _check(movies)
    items = stamped({str(found.movie.path): found for found in movies})
    update_spa_project(folder, session_name, items, batches, densities)


def update_spa_project(  # noqa: PLR0913, PLR0917 - what a session consists of
    folder: Path,
    session_name: str,
    movies: Items[ProcessedMovie],
    batches: Sequence[ProcessedBatch] = (),
    densities: Sequence[ProcessedDensity] = (),
    patience: float = LOCK_SECONDS,
) -> None:
    """Bring a project up to date with the movies of which there is news; see ``write_spa_project``.

    The lock of somebody else is waited for as many seconds as there is patience, then TimeoutError; what was written
    until then is not written again the next time.
    """
    claim(folder)
    with alone(folder):
        register = read_register(folder, movies.basis)
        draft = bring_up_to_date(folder, register, movies, made_of_movie, head_of)
        write_register(folder, register, draft.register())
        if draft.passed("picks"):
            write_text(folder / PICK / "coords_suffix_autopick.star", f"{FITTED}\n")
        given = counted(batches)
        begun = [job for batch in given for job in jobs_of(batch)]
        begun += [job for density in densities for job in in_3d.jobs_of(density)]
        numbers = job_numbers(folder, begun, FIRST, RESERVED, patience)
        names = partial(draft.places.find, jobs=(EXTRACT, MOTION, IMPORT))
        jobs = [*outcomes(draft), *write_batches(folder, given, numbers, names)]
        jobs += in_3d.write_densities(folder, given, densities, numbers, names)
        finish(folder, session_name, jobs, RESERVED, patience)


def _check(movies: Iterable[ProcessedMovie]) -> None:
    seen: set[Path] = set()
    for found in movies:
        if found.movie.path in seen:
            raise InputError(found.movie.path, "given twice", "every movie of a session once")
        seen.add(found.movie.path)
