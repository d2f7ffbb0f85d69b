"""Where the movies of a single-particle session come from."""

from pathlib import Path

from tasks.errors import FormatError, InputError
from tasks.models import Acquisition, Exclusion, Micrograph, Model, Movie
from tasks.step import step
from tasks.tilt_series_grouping.frame_files import SUFFIXES, inspect


class MovieFolder(Model):
    """Movies, or images that are summed already, in a folder and those below."""

    folder: Path
    pattern: str = "*"
    """Names that count, as in a shell."""
    acquisition: Acquisition


class Gathered(Model):
    """What was found in a folder."""

    sources: dict[str, Movie | Micrograph]
    """By names that are unique."""
    excluded: tuple[Exclusion, ...] = ()
    """Files that cannot be used, each with its reason."""


@step(task_run_name="movies in {source.folder}")
def gather_movies(source: MovieFolder, results: Path) -> Gathered:
    """Find the movies of a folder, and look whether they are whole, before any work starts; results are none."""
    if not source.folder.is_dir():
        raise FormatError(source.folder, "no such folder", "the folder of the movies")
    named = (path for path in source.folder.rglob(source.pattern) if path.suffix.lower() in SUFFIXES)
    names = sorted(path for path in named if not path.resolve().is_relative_to(results.resolve()))
    sources: dict[str, Movie | Micrograph] = {}
    excluded = []
    for path in names:
        try:
            sources[str(path.relative_to(source.folder))] = inspect(path, source.acquisition).source
        except FormatError as reason:
            excluded.append(Exclusion(name=path.name, reason=str(reason)))
    if not sources:
        reasons = "; ".join(exclusion.reason for exclusion in excluded[:3]) or "none"
        raise InputError(source.folder, f"movies: {reasons}", f"at least one called {source.pattern}")
    return Gathered(sources=sources, excluded=tuple(excluded))
