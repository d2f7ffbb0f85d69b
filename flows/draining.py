"""Work off what waits in the ledger: as many items at once as there are slots, each begun as soon as one is free."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

from prefect.futures import PrefectFuture

from flows.items import all_news_of
from flows.leases import Keeper, is_crowded, kept
from tasks.ledger import Claimer, Failure, Lease, LeaseLostError, Ledger, claim, fail

LINGER = 30.0
"""Seconds without work after which a run ends: longer than the window in which an automation starts only one run."""
POLL = 0.2
"""Seconds between looks for items while slots are free: what arrives begins within them."""

_log = logging.getLogger(__name__)

Start = Callable[[Lease], "PrefectFuture[Any] | None"]
"""Begins the work on an item; returns its future, or none if the work is over already."""


@dataclass(frozen=True)
class Drain:
    """How long a run works, and on how many items at once."""

    slots: int
    linger: float = LINGER
    turn: int = 1000
    """Items after which a run ends although more wait: others get their turn, and its page stays readable."""
    may_end: Callable[[], bool] = lambda: True
    """Is asked when the turn is over whether the run may end; until then it works on."""
    meanwhile: Callable[[], None] = lambda: None
    """Is called between looks for items."""


@dataclass
class Slots:
    """Places for items in work; tells when one is free."""

    free: int
    begun: int = 0
    _changed: Condition = field(default_factory=Condition)
    _busy: int = 0

    def take(self) -> None:
        """Occupy a place."""
        with self._changed:
            self.free, self.begun, self._busy = self.free - 1, self.begun + 1, self._busy + 1

    def give(self) -> None:
        """Leave a place."""
        with self._changed:
            self.free, self._busy = self.free + 1, self._busy - 1
            self._changed.notify()

    def wait(self) -> int:
        """Return the number of free places, at least one."""
        with self._changed:
            self._changed.wait_for(lambda: self.free > 0)
            return self.free

    def is_busy(self) -> bool:
        """Tell whether an item is in work."""
        return self._busy > 0

    def empty(self) -> None:
        """Wait until nothing is in work."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)


def drain(ledger: Ledger, claimer: Claimer, start: Start, how: Drain) -> int:
    """Begin items until nothing has waited for a while; return their number when all are settled.

    ``start`` begins the work on an item, which ends with the item finished or failed in the ledger. If this run is
    stopped, the items in work are given back. If enough other runs attend to the same, it ends at once: while none did,
    more than one may have been started.
    """
    if is_crowded(ledger, claimer):
        _log.info("others attend to %s of session %s already", ", ".join(claimer.kinds), claimer.session)
        return 0
    slots = Slots(how.slots)
    with kept(ledger, claimer) as keeper:
        quiet_since = time.monotonic()
        while (left := how.turn - slots.begun) > 0 or not _may_end(keeper, how):
            leases = claim(ledger, claimer, min(slots.wait(), left if left > 0 else how.slots))
            for lease in leases:
                _begin(ledger, lease, start, keeper, slots)
            how.meanwhile()
            if leases or slots.is_busy():
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since >= how.linger:
                break
            if not leases:
                # Without lingering too, the items in work must not be waited for by asking without a pause.
                time.sleep(POLL if slots.is_busy() else min(POLL, how.linger / 2))
        slots.empty()
    return slots.begun


def _may_end(keeper: Keeper, how: Drain) -> bool:
    """Tell whether a run whose turn is over may end; what arrives from now on is for others."""
    keeper.leave()
    return how.may_end()


def here(work: Callable[[Lease], None]) -> Start:
    """Do work in the run itself; what it raises has become the reason in the ledger, and does not end the run."""

    def start(lease: Lease) -> None:
        try:
            work(lease)
        except Exception:  # noqa: BLE001 - whatever it is, the others go on
            _log.exception("%s", lease)

    return start


def _begin(ledger: Ledger, lease: Lease, start: Start, keeper: Keeper, slots: Slots) -> None:
    """Begin the work on an item; its place is free again when it is over."""
    keeper.hold(lease)
    slots.take()

    def over(ended: "PrefectFuture[Any]") -> None:
        try:
            _bury(ledger, lease, ended)
        finally:
            keeper.let_go(lease)
            slots.give()

    future = start(lease)
    if future is None:
        keeper.let_go(lease)
        slots.give()
    else:
        future.add_done_callback(over)


def _bury(ledger: Ledger, lease: Lease, ended: "PrefectFuture[Any]") -> None:
    """Record the failure of work that could not do so itself, because its worker died."""
    # Without this the state is what the server knows, which lags behind.
    ended.wait()
    if not ended.state.is_completed():
        with suppress(LeaseLostError):
            reason = ended.state.message or "the worker was lost"
            fail(ledger, lease, Failure(kind="lost-worker", reason=reason), all_news_of(ledger, lease))
