"""All tilt series of a folder, of mdoc files or of the names of frame files."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from tasks.errors import FormatError, InputError
from tasks.formats.mdoc import read_mdoc
from tasks.models import Acquisition, Exclusion, Model, TiltSeries
from tasks.tilt_series_grouping.exposures import MINIMUM_TILTS, make_series
from tasks.tilt_series_grouping.file_names import (
    PATTERN,
    NamedFile,
    compiled,
    grouped,
    in_order_of_acquisition,
    read_name,
    series_in,
)
from tasks.tilt_series_grouping.frame_files import SUFFIXES
from tasks.tilt_series_grouping.from_mdoc import OVERRIDE, from_mdoc, image_stem
from tasks.tilt_series_grouping.movies import Recorded, exposures_of


class Grouping(Model):
    """The tilt series of a folder."""

    series: tuple[TiltSeries, ...]
    excluded: tuple[Exclusion, ...] = ()
    """Series that cannot be used and files that belong to none, each with its reason."""


def from_mdocs(
    folder: Path,
    frames: Path,
    acquisition: Acquisition,
    *,
    tilt_axis_angle: float | None = None,
) -> Grouping:
    """Make the tilt series of all mdoc files in a folder."""
    found, excluded = find_mdocs(folder)
    make = partial(from_mdoc, frames=frames, acquisition=acquisition, tilt_axis_angle=tilt_axis_angle)
    makers = {paths[0].name: partial(make, paths) for paths in found}
    return _grouping(folder, makers, excluded)


def find_mdocs(folder: Path) -> tuple[tuple[tuple[Path, ...], ...], tuple[Exclusion, ...]]:
    """Return the mdoc files of each tilt series in a folder, and those that are left out.

    A series has one mdoc file, or one for each tilt. Tomography 5 writes X_override.mdoc beside X.mdoc: only one may be
    used, or all tilts are there twice.
    """
    if not folder.is_dir():
        raise FormatError(folder, "no such folder", "a folder of mdoc files")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".mdoc" and path.is_file())
    names = {path.name for path in paths}
    excluded, singles = [], defaultdict(list)
    whole: list[tuple[Path, ...]] = []
    for path in paths:
        original = path.name.replace(OVERRIDE, "")
        kind = f"{original} describes the series" if original != path.name and original in names else _kind(path)
        if kind == "series":
            whole.append((path,))
        elif kind == "single":
            singles[series_in(image_stem(path))].append(path)
        else:
            excluded.append(Exclusion(name=path.name, reason=kind))
    for group in singles.values():
        if len(group) >= MINIMUM_TILTS:
            whole.append(tuple(group))
        else:
            excluded += [Exclusion(name=path.name, reason="it describes a single image") for path in group]
    return tuple(whole), tuple(excluded)


def _kind(path: Path) -> str:
    """Return ``series`` or ``single``, or else why an mdoc file is of no use."""
    try:
        sections = read_mdoc(path).sections
    except FormatError as reason:
        return str(reason)
    if any(section.kind == "MontSection" for section in sections):
        return "it describes a montage"
    return "series" if len(sections) > 1 else "single"


def from_files(
    folder: Path,
    acquisition: Acquisition,
    *,
    tilt_axis_angle: float,
    pattern: str = PATTERN,
    dose_per_tilt: float | None = None,
) -> Grouping:
    """Make the tilt series of all frame files in a folder, by their names.

    ``pattern`` is a regular expression for the whole name without its suffix, with groups called series and angle, and
    number or time for the order of acquisition.
    """
    named, excluded = _name(folder, pattern)

    def make(name: str, files: Sequence[NamedFile]) -> TiltSeries:
        ordered = in_order_of_acquisition(files)
        records = [Recorded(name=file.path.stem, angle=file.angle, path=file.path) for file in ordered]
        exposures = exposures_of(records, acquisition, dose_per_tilt)
        return make_series(name, exposures, tilt_axis_angle=tilt_axis_angle, optics=acquisition)

    makers = {name: partial(make, name, files) for name, files in grouped(named).items()}
    return _grouping(folder, makers, excluded)


def _name(folder: Path, pattern: str) -> tuple[list[NamedFile], list[Exclusion]]:
    """Part the frame files of a folder into those whose name fits, and the others."""
    if not folder.is_dir():
        raise FormatError(folder, "no such folder", "the folder of the frames")
    expression = compiled(pattern)
    named, excluded = [], []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        if file := read_name(path, expression):
            named.append(file)
        else:
            excluded.append(Exclusion(name=path.name, reason="its name is not that of a tilt"))
    return named, excluded


def _grouping(folder: Path, makers: Mapping[str, Callable[[], TiltSeries]], excluded: Sequence[Exclusion]) -> Grouping:
    """Make every series; one that cannot be made does not keep the others from being made."""
    series, problems = [], list(excluded)
    for name, make in makers.items():
        try:
            series.append(make())
        except InputError as reason:
            problems.append(Exclusion(name=name, reason=str(reason)))
    if not series:
        found = "; ".join(problem.reason for problem in problems[:3]) or "no file"
        raise InputError(folder, found, "at least one tilt series")
    return Grouping(series=tuple(series), excluded=tuple(problems))
