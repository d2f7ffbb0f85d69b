"""Which tilt series are complete, or will not become so: a state machine of what is there at which time."""

from collections.abc import Callable, KeysView, Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import InputError
from tasks.formats.mdoc import read_mdoc
from tasks.models import Model
from tasks.tilt_series_grouping.exposures import MINIMUM_TILTS
from tasks.tilt_series_grouping.from_mdoc import OVERRIDE, series_name


class Described(Model):
    """What an mdoc file says of its tilt series."""

    mdoc: Path
    name: str
    """Name of the series."""
    movies: tuple[str, ...]
    """Names of the movies, in order of the mdoc."""


class Present(Model):
    """What there is of a tilt series."""

    movies: dict[str, Path]
    """Movies that are whole, by the names in the mdoc."""
    missing: tuple[str, ...] = ()
    """Movies that are not there, or are on their way."""
    broken: tuple[str, ...] = ()
    """Movies that were given up."""

    @property
    def is_complete(self) -> bool:
        """Tell whether nothing more is to be waited for."""
        return not self.missing


@dataclass(slots=True)
class _Open:
    """A series of which more may come."""

    described: Described
    present: Present | None
    changed: float
    """When something of it was last seen to come."""


def describe(mdoc: Path) -> Described:
    """Read an mdoc file; raise InputError if it is not that of movies of a tilt series."""
    found = read_mdoc(mdoc)
    names = [section.file_name for section in found.sections if section.file_name]
    if any(section.kind == "MontSection" for section in found.sections):
        raise InputError(mdoc, "a montage", "a tilt series")
    if len(found.sections) == 1:
        raise InputError(mdoc, "a single image", "a tilt series")
    if not names:
        raise InputError(mdoc, "no SubFramePath", "the movies of a tilt series")
    if OVERRIDE in mdoc.name and (original := mdoc.with_name(mdoc.name.replace(OVERRIDE, ""))).exists():
        raise InputError(mdoc, f"{original.name} beside it", "one mdoc file for each tilt series")
    return Described(mdoc=mdoc, name=series_name([found]), movies=tuple(dict.fromkeys(names)))


class Gathering:
    """Tilt series on their way: they arrive when all their movies are there, or when nothing more comes.

    One that has arrived arrives again if later there are movies that were missing. ``arrived`` are the movies with
    which series have arrived earlier, by their mdoc file.
    """

    def __init__(self, quiet: float, arrived: Mapping[str, frozenset[str]]) -> None:
        self._quiet = quiet
        self._arrived = dict(arrived)
        self._open: dict[str, _Open] = {}

    @property
    def open(self) -> KeysView[str]:
        """The mdoc files of the series of which more may come."""
        return self._open.keys()

    def add(self, described: Described, now: float) -> None:
        """Take note of an mdoc file that is new or has changed."""
        self._open[str(described.mdoc)] = _Open(described, None, now)

    def forget(self, mdoc: str) -> None:
        """Take note that an mdoc file is gone or is changing."""
        self._open.pop(mdoc, None)

    def due(self, look: Callable[[Described], Present], now: float, news: float) -> list[tuple[Described, Present]]:
        """Return the series that arrive now. ``news`` is when anything has last come to the folders."""
        return [
            (series.described, present)
            for series in list(self._open.values())
            if self._is_due(series, present := look(series.described), now, news)
        ]

    def announce(self, described: Described, present: Present) -> None:
        """Take note that a series has arrived."""
        self._arrived[str(described.mdoc)] = self._arrived_with(described) | frozenset(present.movies)
        self._close(described, present)

    def _is_due(self, series: _Open, present: Present, now: float, news: float) -> bool:
        if present != series.present:
            series.present, series.changed = present, now
        if str(series.described.mdoc) in self._arrived and self._arrived_with(series.described) >= set(present.movies):
            self._close(series.described, present)
            return False
        if present.is_complete:
            return True
        # Of a series of which hardly anything is there, the copy may just have begun elsewhere.
        since = series.changed if len(present.movies) >= MINIMUM_TILTS else max(series.changed, news)
        return now - since >= self._quiet

    def _arrived_with(self, described: Described) -> frozenset[str]:
        return self._arrived.get(str(described.mdoc), frozenset())

    def _close(self, described: Described, present: Present) -> None:
        """Wait no longer for a series of which nothing is missing; what is broken may yet be mended."""
        if present.is_complete and not present.broken:
            self._open.pop(str(described.mdoc), None)
