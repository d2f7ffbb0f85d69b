"""Prefect is told what has arrived: at once if it comes alone, once in a while if much comes at once."""

import logging
import time
from collections.abc import Callable, Sequence

from tasks.ledger import Arrival

_log = logging.getLogger(__name__)

Announce = Callable[[Sequence[Arrival]], None]


class Announcer:
    """Gather what has arrived and announce it, not more often than each interval in seconds."""

    def __init__(
        self, announce: Announce | None, interval: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._announce, self._interval, self._clock = announce, interval, clock
        self._arrived: list[Arrival] = []
        self._next = clock()

    def add(self, arrivals: Sequence[Arrival]) -> None:
        """Gather what stands in the ledger now."""
        if self._announce:
            self._arrived += arrivals

    def tell(self, *, at_once: bool = False) -> None:
        """Announce what was gathered, if it is time. What cannot be announced is found by the sweep."""
        if not self._arrived or (self._clock() < self._next and not at_once):
            return
        arrived, self._arrived = self._arrived, []
        self._next = self._clock() + self._interval
        try:
            if self._announce:
                self._announce(arrived)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with Prefect, nothing is lost by it
            _log.warning("Prefect is not told of %d arrivals: %s", len(arrived), error)
