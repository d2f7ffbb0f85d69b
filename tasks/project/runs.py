"""The files that RELION's programs have left, as files of a job of the project that name each other as such."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.models import ParticleSet
from tasks.project.particle_text import moved, renamed
from tasks.project.places import link
from tasks.project.writing import STATE, write_made

PARTICLES = "ParticleGroupMetadata.star.relion"

Names = Callable[[str], str]
"""Gives the name of the project for a file."""


def write_copy(project: Path, place: str, source: Path, names: Names) -> None:
    """Write a STAR file of particles under the names of the project."""
    write_made(project, place, [source], lambda: (renamed(line, names) for line in _lines(source)))


def write_run(project: Path, folder: str, stars: Iterable[Path], volumes: Iterable[Path]) -> None:
    """Write STAR files of a run as those of a job, and link its images; what a version does not write is left out."""
    for star in stars:
        if star.exists():
            write_made(project, f"{folder}/{star.name}", [star], partial(_moved, star, folder))
    for volume in volumes:
        if volume.exists():
            link(project / folder / volume.name, volume)


def write_joined(project: Path, place: str, parts: Sequence[ParticleSet], names: Names) -> None:
    """Write the particles of several files as one, under the names of the project."""
    write_made(project, place, [part.star for part in parts], lambda: _joined(project, parts, names))


def _joined(project: Path, parts: Sequence[ParticleSet], names: Names) -> Iterator[str]:
    # A project of tilt series need not wait for the import of the steps of particles.
    from tasks.particle_extraction.joining import join_particles  # noqa: PLC0415

    with TemporaryDirectory(dir=project / STATE) as scratch:
        together = join_particles(parts, Path(scratch) / "joined.star")
        yield from (renamed(line, names) for line in _lines(together.star))


def _moved(star: Path, folder: str) -> list[str]:
    return [moved(star.read_text(), folder)]


def _lines(source: Path) -> Iterator[str]:
    with source.open() as file:
        yield from file
