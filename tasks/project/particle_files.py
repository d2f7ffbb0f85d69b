"""The particles of a session: those of every micrograph in one file."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from tasks.errors import FormatError, InputError
from tasks.models import Particles
from tasks.project.draft import Draft
from tasks.project.found import ProcessedMovie
from tasks.project.movie_rows import place_of_image
from tasks.project.particle_text import arranged, particles_of, renamed
from tasks.project.places import Places
from tasks.project.segments import Segment
from tasks.project.tilt_rows import Columns

EXTRACT = "Extract/job005"
CUT = f"{EXTRACT}/particles.star"

Names = Callable[[str], str]
"""Gives the name of the project for a file."""


def particle_rows(draft: Draft, found: ProcessedMovie, particles: Particles, group: int) -> Segment:
    """Return the particles of a micrograph with their optics group; read when they are written."""
    if not particles.star.is_file():
        raise FormatError(particles.star, "no such file", "the particles of a micrograph")
    columns = draft.columns.get(CUT) or particles_of(particles.star).columns
    draft.columns[CUT] = columns
    return Segment(columns, partial(_rows, _names(draft.places, found, particles), group, particles.star))


def image_columns(draft: Draft, group: int) -> Columns | None:
    """Return what an optics group says of the images of its particles; none if it has no particles."""
    images = {
        entry.image[1:]: key for key, entry in draft.entries.items() if entry.group == group and len(entry.image) > 1
    }
    if len(images) > 1:
        (size, side), (other, others) = list(images)[:2]
        expected = f"{side:g} pixels of {size:g} A as of other micrographs"
        raise InputError(list(images.values())[1], f"boxes of {others:g} pixels of {other:g} A", expected)
    for size, side in images:
        return {
            "rlnImagePixelSize": size,
            "rlnImageSize": int(side),
            "rlnImageDimensionality": 2,
            "rlnCtfDataAreCtfPremultiplied": 0,
        }
    return None


def _names(places: Places, found: ProcessedMovie, particles: Particles) -> Mapping[str, str]:
    """Return the names of the project for the files that the particles of a micrograph name."""
    image = particles.micrograph
    micrograph = place_of_image(places, found, image)
    names = {str(image.path.absolute()): micrograph}
    if particles.stack:
        names[str(particles.stack.absolute())] = places.of(EXTRACT, particles.stack, micrograph.split("/")[-2])
    return names


def _rows(names: Mapping[str, str], group: int, star: Path, columns: Sequence[str]) -> str:
    lines = renamed(arranged(particles_of(star), columns, star), lambda file: names.get(file, file))
    if group == 1:
        return lines
    place = list(columns).index("rlnOpticsGroup")
    rows = [line.split() for line in lines.splitlines()]
    return "".join(" ".join([*row[:place], str(group), *row[place + 1 :]]) + "\n" for row in rows)
