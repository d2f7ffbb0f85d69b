"""Which places on the grid are good: what was found of the movies of each grid square."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import PurePath
from statistics import median

from tasks.report.facts import MovieFacts
from tasks.report.particle_facts import SquareFacts

_SQUARE = re.compile(r"grid.?square", re.IGNORECASE)


def square_facts(movies: Sequence[MovieFacts]) -> tuple[SquareFacts, ...]:
    """Tell of each grid square, in order of arrival; nothing if all movies are in one folder."""
    squares: dict[str, list[MovieFacts]] = {}
    for movie in movies:
        squares.setdefault(_square_of(movie.path.rpartition("/")[0]), []).append(movie)
    return tuple(_facts(folder, those) for folder, those in squares.items()) if len(squares) > 1 else ()


@cache
def _square_of(folder: str) -> str:
    """Return the folder of a grid square, or else that of the movie."""
    path = PurePath(folder)
    return str(next((part for part in (path, *path.parents) if _SQUARE.match(part.name)), path))


def _facts(folder: str, movies: Sequence[MovieFacts]) -> SquareFacts:
    return SquareFacts(
        name=PurePath(folder).name or folder,
        folder=folder,
        movies=len(movies),
        motion=_median(movies, lambda movie: movie.motion),
        defocus=_median(movies, lambda movie: movie.defocus),
        resolution=_median(movies, lambda movie: movie.resolution),
        ice_thickness=_median(movies, lambda movie: movie.ice_thickness),
        ice_ring=_median(movies, lambda movie: movie.ice_ring),
        contamination=_median(movies, lambda movie: movie.contamination),
        particles=_median(movies, lambda movie: movie.particles),
    )


def _median(movies: Sequence[MovieFacts], value: Callable[[MovieFacts], float | None]) -> float | None:
    return median(known) if (known := list(_known(map(value, movies)))) else None


def _known(values: Iterator[float | None]) -> Iterator[float]:
    return (value for value in values if value is not None)
