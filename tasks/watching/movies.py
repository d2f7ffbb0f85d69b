"""Movies: they arrive when they are whole, and are given up when they stay broken."""

import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from threading import Event

from tasks.ledger import Arrival
from tasks.watching.arrivals import Arrived, of_movie
from tasks.watching.broken import BrokenFiles
from tasks.watching.settling import Settling
from tasks.watching.watch import Watch
from tasks.watching.wholeness import problem_of

_log = logging.getLogger(__name__)

_BATCH = 200


class Movies:
    """The movies of a session."""

    def __init__(
        self,
        watch: Watch,
        arrived: Arrived,
        broken: BrokenFiles,
        arrive: Callable[[Sequence[Arrival]], None],
    ) -> None:
        self._watch, self._arrived, self._broken, self._arrive = watch, arrived, broken, arrive
        self.settling = Settling(watch.settling, watch.patience)

    def look_into(self, due: Iterable[str], now: float, stop: Event) -> None:
        """Look into the movies that have settled, and let arrive what is whole."""
        rest = iter(due)
        while (batch := list(islice(rest, _BATCH))) and not stop.is_set():
            whole = [path for path in batch if self._is_whole(path, now)]
            self._mend(whole)
            sizes = {path: self.settling.size(path) for path in whole}
            self._arrive([of_movie(self._watch, path, size) for path, size in sizes.items()])
            self._arrived.sizes |= sizes
            for path in whole:
                self.settling.accept(path)

    def _is_whole(self, path: str, now: float) -> bool:
        """Look into a movie."""
        problem = problem_of(path)
        if problem is None:
            return True
        self.settling.refuse(path, now)
        if self.settling.is_given_up(path) and path not in self._arrived.broken:
            _log.warning("given up: %s", problem)
            self._broken.give_up(path)
            self._arrived.broken.add(path)
        return False

    def _mend(self, whole: Sequence[str]) -> None:
        """Take movies that are whole out of the quarantine."""
        for path in self._arrived.broken.intersection(whole):
            _log.info("mended: %s", path)
            self._broken.mended(path)
            self._arrived.broken.discard(path)
