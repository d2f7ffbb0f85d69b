"""A tilt series of movies or images that are named one by one."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from pathlib import Path

from pydantic import NonNegativeFloat

from tasks.errors import FormatError
from tasks.formats.eer_fractions import grouped_as
from tasks.models import Acquisition, Model, TiltSeries
from tasks.tilt_series_grouping.exposures import make_series
from tasks.tilt_series_grouping.file_names import PATTERN, NamedFile, compiled, read_name
from tasks.tilt_series_grouping.movies import Recorded, exposures_of

_IMAGE = "_motion_corrected"
"""What programs add to the name of a movie whose motion was corrected."""
_SPARSE = 3
"""Numbers that are farther apart than this on average are not those of one series alone."""


class ListedTilt(Model):
    """One tilt of a list."""

    path: Path
    """A movie, or an image that is summed already."""
    angle: float
    """Nominal tilt angle in degree."""
    acquisition: Acquisition | None = None
    """How it was taken; none as the others."""
    fractions: Path | None = None
    """File that says how the frames of an EER file are grouped, as MotionCor reads it."""


def from_list(  # noqa: PLR0913 - as of files
    name: str,
    tilts: Sequence[ListedTilt],
    acquisition: Acquisition,
    *,
    tilt_axis_angle: float,
    pattern: str = PATTERN,
    dose_per_tilt: NonNegativeFloat | None = None,
) -> TiltSeries:
    """Make a tilt series of the tilts of a list, which is in the order of acquisition unless the names say another.

    Where the names count the exposures, those that are not in the list were made, too: their dose counts.
    ``dose_per_tilt`` is for images that are summed already, which do not tell their frames.
    """
    records = [_record(tilt, acquisition, dose_per_tilt) for tilt in in_order_of_acquisition(tilts, pattern)]
    return make_series(name, exposures_of(records, acquisition), tilt_axis_angle=tilt_axis_angle, optics=acquisition)


def in_order_of_acquisition(tilts: Sequence[ListedTilt], pattern: str = PATTERN) -> list[ListedTilt | int]:
    """Return tilts in the order of acquisition, with the numbers of exposures between them that are not in the list.

    The order is that of most names; tilts of other names come last. If most say none it is that of the list.
    """
    names = _names(tilts, pattern)
    numbered = [
        (name.number, tilt) for name, tilt in zip(names, tilts, strict=True) if name and name.number is not None
    ]
    timed = [(name.time, tilt) for name, tilt in zip(names, tilts, strict=True) if name and name.time]
    if 2 * len(dict(numbered)) > len(tilts) and len(dict(numbered)) == len(numbered):
        ordered = _with_gaps(dict(numbered))
    elif 2 * len(timed) > len(tilts):
        ordered = [tilt for _, tilt in sorted(timed, key=itemgetter(0))]
    else:
        return list(tilts)
    return [*ordered, *(tilt for tilt in tilts if tilt not in ordered)]


def _with_gaps(numbered: Mapping[int, ListedTilt]) -> list[ListedTilt | int]:
    first, last = min(numbered), max(numbered)
    if last - first < _SPARSE * len(numbered):
        return [numbered.get(number, number) for number in range(first, last + 1)]
    return [numbered[number] for number in sorted(numbered)]


def _names(tilts: Sequence[ListedTilt], pattern: str) -> list[NamedFile | None]:
    """Return what the names of tilts say, of images those of their movies."""
    expression = compiled(pattern)
    paths = [tilt.path.with_name(f"{tilt.path.stem.removesuffix(_IMAGE)}{tilt.path.suffix}") for tilt in tilts]
    return [read_name(path, expression) for path in paths]


def _record(tilt: ListedTilt | int, usual: Acquisition, dose: float | None) -> Recorded:
    if isinstance(tilt, int):
        missing = "it is not listed, or was taken again later"
        return Recorded(name=f"exposure {tilt}", angle=None, path=None, problem=missing)
    try:
        taken = grouped_as(tilt.acquisition or usual, tilt.fractions)
        problem = None if tilt.path.is_file() else f"{tilt.path}: no such file"
    except FormatError as reason:
        taken, problem = None, str(reason)
    path = None if problem else tilt.path
    return Recorded(name=tilt.path.stem, angle=tilt.angle, path=path, problem=problem, acquisition=taken, dose=dose)
