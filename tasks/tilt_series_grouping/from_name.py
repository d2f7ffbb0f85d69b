"""A tilt by the name of its movie alone, before its series is complete."""

from collections.abc import Iterable
from pathlib import Path

from tasks.models import Acquisition, Movie, Tilt
from tasks.tilt_series_grouping.file_names import PATTERN, NamedFile, compiled, read_name
from tasks.tilt_series_grouping.frame_files import inspect


def named_tilt(path: Path, pattern: str = PATTERN) -> NamedFile | None:
    """Return what the name of a movie says; None if it does not say series, number and angle."""
    named = read_name(path, compiled(pattern))
    return named if named and named.number is not None else None


def tilt_by_name(
    named: NamedFile, earlier: Iterable[Path], acquisition: Acquisition, dose_per_tilt: float | None = None
) -> Tilt | None:
    """Return the tilt of a movie, whose dose before is that of as many movies as its number says.

    ``earlier`` are movies of the same series that have arrived, which tell whether numbers begin at 0 or 1. None if the
    file is a single image, which has no motion. Raises FormatError for a file that cannot be read.
    """
    found = inspect(named.path, acquisition)
    if not isinstance(found.source, Movie):
        return None
    dose = found.frames * acquisition.dose_per_frame if dose_per_tilt is None else dose_per_tilt
    number = named.number or 0
    first = min([number, *_numbers(earlier, named.series)])
    before = round((number - first) * dose, 6)
    movie = found.source.model_copy(update={"pre_exposure": before})
    return Tilt(name=named.path.stem, angle=named.angle, number=number - first + 1, pre_exposure=before, source=movie)


def _numbers(movies: Iterable[Path], series: str) -> list[int]:
    named = [read_name(path, compiled(PATTERN)) for path in movies]
    return [file.number for file in named if file and file.series == series and file.number is not None]
