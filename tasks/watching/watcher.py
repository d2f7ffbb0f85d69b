"""The watcher: look, let arrive what is whole, and wait."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from threading import Event

from tasks.ledger import Arrival, Ledger, LedgerError, arrive
from tasks.watching.arrivals import Arrived, arrived
from tasks.watching.broken import BrokenFiles
from tasks.watching.folders import Folders, Look
from tasks.watching.movies import Movies
from tasks.watching.settling import Stamp
from tasks.watching.tilt_series import TiltSeriesOfMdocs
from tasks.watching.watch import Watch

_log = logging.getLogger(__name__)

Hook = Callable[[Sequence[Arrival]], None]
"""Is told what has arrived, after it stands in the ledger."""


class Watcher:
    """Watch the folders of a session and write to the ledger what arrives.

    What it remembers only saves work: all that must not be lost or done twice stands in the ledger.
    """

    def __init__(
        self, watch: Watch, ledger: Ledger, hook: Hook | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._watch, self._ledger, self._hook, self._clock = watch, ledger, hook, clock
        self._names = watch.names if watch.kind == "tomography" else watch.names.without_mdocs()
        self._folders = Folders(watch.folders, self._names, watch.results, watch.margin, clock)
        self._looks = 0
        self._parts: tuple[Arrived, BrokenFiles, Movies, TiltSeriesOfMdocs] | None = None

    def run(self, stop: Event) -> None:
        """Watch until told to stop. While the ledger is away nothing arrives, and nothing is lost."""
        while not stop.is_set():
            try:
                self.poll(stop)
            except LedgerError as reason:
                _log.warning("%s; waiting for it", reason)
            stop.wait(self._watch.interval)

    def poll(self, stop: Event) -> None:
        """Look once; a file counts when it has not changed for a while and its header can be read."""
        known, broken, movies, series = self._parts = self._parts or self._begin()
        unsettled = [*movies.settling.unsettled, *series.settling.unsettled, *series.open]
        everything = self._looks % self._watch.everything == 0
        begun = self._clock()
        look = self._folders.look(unsettled, everything=everything)
        ended = self._clock()
        if not self._looks:
            folders, files, others = self._folders.counts()
            _log.info("watching %d folders: %d files, %d files and folders that do not count", folders, files, others)
        self._looks += 1
        stamps = self._take(look, movies, series)
        # All that was seen is taken note of before anything is written, which may fail.
        due = movies.settling.observe(stamps["movie"], begun, ended, known.sizes)
        due_mdocs = series.settling.observe(stamps["mdoc"], begun, ended)
        movies.look_into(due, begun, stop)
        if self._watch.kind == "tomography":
            series.read(due_mdocs, begun)
            series.gather(movies.settling, begun)
        if known.broken:
            mended = broken.work()
            movies.settling.hasten(mended)
            series.settling.hasten(mended)

    def _begin(self) -> tuple[Arrived, BrokenFiles, Movies, TiltSeriesOfMdocs]:
        """Ask the ledger how far an earlier watcher came."""
        known = arrived(self._ledger, self._watch.session)
        broken = BrokenFiles(self._ledger, self._watch, self._arrive)
        movies = Movies(self._watch, known, broken, self._arrive)
        return known, broken, movies, TiltSeriesOfMdocs(self._watch, known, broken, self._arrive)

    def _take(self, look: Look, movies: Movies, series: TiltSeriesOfMdocs) -> dict[str, dict[str, Stamp]]:
        """Take note of what has come and gone; return the movies and mdoc files that were looked at."""
        stamps: dict[str, dict[str, Stamp]] = {"movie": {}, "mdoc": {}}
        for path, stamp in look.stamps.items():
            kind = "mdoc" if path in series.settling else self._kind(path, movies)
            if kind == "movie" and path not in movies.settling:
                series.index.add(path)
            stamps[kind][path] = stamp
        movies.settling.forget(look.gone)
        series.forget(look.gone)
        series.index.remove(look.gone)
        return stamps

    def _kind(self, path: str, movies: Movies) -> str:
        if path in movies.settling:
            return "movie"
        return self._names.kind(path[path.rfind("/") + 1 :]) or "movie"

    def _arrive(self, arrivals: Sequence[Arrival]) -> None:
        """Write to the ledger, then tell."""
        news = arrive(self._ledger, arrivals)
        if not news:
            return
        for kind, count in Counter(arrival.kind for arrival in news).items():
            newest = [arrival.key for arrival in news if arrival.kind == kind][-1]
            _log.info("arrived: %d %s, the newest %s", count, kind, newest)
        if self._hook is not None:
            self._hook(news)
