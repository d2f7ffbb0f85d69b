"""The particles of a session: those of every micrograph in one file, and the batches that are classified."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tasks.errors import InputError
from tasks.formats.star_text import loop, table
from tasks.models import Particles
from tasks.project.found import ProcessedMovie
from tasks.project.growing_star import grow
from tasks.project.movie_rows import MOTION, Optics
from tasks.project.particle_text import arranged, particles_of, renamed
from tasks.project.places import Places
from tasks.project.tilt_rows import Columns

EXTRACT = "Extract/job005"


def write_particles(project: Path, places: Places, optics: Optics, movies: Sequence[ProcessedMovie]) -> None:
    """Write particles.star of the extraction."""
    found = [movie for movie in movies if movie.particles and movie.particles.count]
    if not found:
        return
    columns = particles_of(_particles(found[0]).star).columns
    parts: dict[Path, Callable[[], str]] = {
        _particles(movie).star: partial(_rows, places, optics.number(movie), movie, columns) for movie in found
    }
    head = table("optics", optics_rows(optics, found)) + loop("particles", columns, []).rstrip("\n") + "\n"
    grow(project / EXTRACT / "particles.star", head, parts)


def optics_rows(optics: Optics, movies: Sequence[ProcessedMovie]) -> list[Columns]:
    """Return the optics groups of particles."""
    images: dict[int, tuple[float, int]] = {}
    for movie in movies:
        particles = _particles(movie)
        image = particles.pixel_size, particles.box_size
        if images.setdefault(optics.number(movie), image) != image:
            expected = f"{images[optics.number(movie)][1]} pixels as of other micrographs"
            raise InputError(particles.star, f"boxes of {image[1]} pixels of {image[0]:g} A", expected)
    return [
        {
            **row,
            "rlnImagePixelSize": images[number][0],
            "rlnImageSize": images[number][1],
            "rlnImageDimensionality": 2,
            "rlnCtfDataAreCtfPremultiplied": 0,
        }
        for number, row in enumerate(optics.rows(of_micrographs=True), 1)
        if number in images
    ]


def image_names(places: Places, movie: ProcessedMovie) -> dict[str, str]:
    """Return the names of the project for the files that the particles of a micrograph name."""
    particles = _particles(movie)
    micrograph = places.of(MOTION, particles.micrograph.path)
    names = {str(particles.micrograph.path.absolute()): micrograph}
    if particles.stack:
        names[str(particles.stack.absolute())] = places.of(EXTRACT, particles.stack, micrograph.split("/")[-2])
    return names


def _rows(places: Places, group: int, movie: ProcessedMovie, columns: Sequence[str]) -> str:
    star = _particles(movie).star
    lines = renamed(arranged(particles_of(star), columns, star), image_names(places, movie))
    if group == 1:
        return lines
    place = list(columns).index("rlnOpticsGroup")
    rows = [line.split() for line in lines.splitlines()]
    return "".join(" ".join([*row[:place], str(group), *row[place + 1 :]]) + "\n" for row in rows)


def _particles(movie: ProcessedMovie) -> Particles:
    if movie.particles is None:
        raise ValueError(movie.movie.path)
    return movie.particles
