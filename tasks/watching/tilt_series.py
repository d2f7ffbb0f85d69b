"""Tilt series: they arrive when the movies that their mdoc file names are there, or when nothing more comes."""

import logging
from collections.abc import Callable, KeysView, Sequence
from pathlib import Path

from tasks.errors import FormatError, InputError
from tasks.ledger import Arrival
from tasks.watching.arrivals import Arrived, of_series
from tasks.watching.broken import BrokenFiles
from tasks.watching.movie_index import MovieIndex
from tasks.watching.series import Gathering, describe
from tasks.watching.settling import Settling
from tasks.watching.watch import Watch

_log = logging.getLogger(__name__)


class TiltSeriesOfMdocs:
    """The tilt series of a session."""

    def __init__(
        self,
        watch: Watch,
        arrived: Arrived,
        broken: BrokenFiles,
        arrive: Callable[[Sequence[Arrival]], None],
    ) -> None:
        self._watch, self._arrived, self._broken, self._arrive = watch, arrived, broken, arrive
        self._gathering = Gathering(watch.quiet, arrived.series)
        self.settling = Settling(watch.mdoc_settling, max(watch.patience, watch.mdoc_settling))
        self.index = MovieIndex()

    @property
    def open(self) -> KeysView[str]:
        """The mdoc files to be looked at often, because more of their series may come."""
        return self._gathering.open

    def read(self, due: Sequence[str], now: float) -> None:
        """Read the mdoc files that have settled; no series arrives while its mdoc file is changing."""
        for mdoc in self.settling.unsettled:
            self._gathering.forget(mdoc)
        for mdoc in due:
            self._read(mdoc, now)

    def forget(self, mdocs: Sequence[str]) -> None:
        """Take note that mdoc files are gone."""
        self.settling.forget(mdocs)
        for mdoc in mdocs:
            self._gathering.forget(mdoc)

    def gather(self, movies: Settling, now: float) -> None:
        """Let arrive the series that are complete, or will not become so."""
        news = max(movies.changed, self.settling.changed)
        for described, present in self._gathering.due(lambda one: self.index.look(one, movies), now, news):
            if present.missing:
                _log.warning("%s arrives without %s, which did not come", described.name, ", ".join(present.missing))
            self._arrive([of_series(self._watch, described, present, self.index.folder(described))])
            self._gathering.announce(described, present)

    def _read(self, mdoc: str, now: float) -> None:
        """Read an mdoc file; one that is of no tilt series is told once, one that is broken is given up in the end."""
        try:
            described = describe(Path(mdoc))
        except (FormatError, OSError) as reason:
            self.settling.refuse(mdoc, now)
            if self.settling.is_given_up(mdoc) and mdoc not in self._arrived.broken:
                _log.warning("given up: %s", reason)
                self._broken.give_up(mdoc)
                self._arrived.broken.add(mdoc)
            return
        except InputError as reason:
            _log.info("not followed: %s", reason)
        else:
            self._gathering.add(described, now)
        if mdoc in self._arrived.broken:
            self._broken.mended(mdoc)
            self._arrived.broken.discard(mdoc)
        self.settling.accept(mdoc)
