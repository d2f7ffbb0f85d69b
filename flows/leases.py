"""Keep the leases of a run as long as it lives."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Literal

from prefect.runtime import flow_run

from tasks.ledger import (
    Claimer,
    Lease,
    LeaseLostError,
    Ledger,
    LedgerError,
    attended,
    extend_all,
    quiet,
    release,
    sign_off,
    sign_on,
)
from tasks.settings import site

SECONDS = 60.0
"""How long a lease lasts when nobody extends it: a dead owner's item waits for others no longer than this."""
BEAT = 10.0
"""Seconds between signs of life."""
_log = logging.getLogger(__name__)

LIVE = 900.0
"""Seconds after its last arrival for which a session is live: then what is newest tells whether the grid is good."""


def claimer(ledger: Ledger, session: str, *kinds: str) -> Claimer:
    """Return who works in this run: on the newest items of a live session, on the oldest ones to catch up."""
    silence = quiet(ledger, session)
    live = silence is not None and silence < LIVE
    # The run that a worker started: if it dies, the runs within it are not heard of.
    owner = f"flow run {flow_run.root_flow_run_id or flow_run.id}"
    order: Literal["newest", "oldest"] = "newest" if live else "oldest"
    return Claimer(owner=owner, kinds=kinds, lease=SECONDS, order=order, session=session)


def is_crowded(ledger: Ledger, claimer: Claimer) -> bool:
    """Tell whether as many others as the site wants attend to all that a claimer works on."""
    if claimer.session is None or claimer.keys is not None:
        return False
    others = (attended(ledger, claimer.session, kind, besides=claimer.owner) for kind in claimer.kinds)
    return min(others) >= site().runs_per_session


class Keeper:
    """The leases that a run holds, and its signs of life."""

    def __init__(self, ledger: Ledger, claimer: Claimer) -> None:
        self._ledger, self._claimer = ledger, claimer
        self._held: dict[tuple[int, int], Lease] = {}
        self._attends = claimer.keys is None

    def hold(self, lease: Lease) -> None:
        """Keep a lease from now on."""
        self._held[lease.item, lease.attempt] = lease

    def let_go(self, lease: Lease) -> None:
        """Keep a lease no longer: its work is over."""
        self._held.pop((lease.item, lease.attempt), None)

    def leave(self) -> None:
        """Attend no longer to what arrives, so that somebody else is called; what is held is kept."""
        if self._attends:
            self._attends = False
            sign_off(self._ledger, self._claimer.owner)

    def beat(self) -> None:
        """Give a sign of life. While the ledger is away the leases run on; it may come back in time."""
        try:
            if self._attends:
                sign_on(self._ledger, self._claimer)
            extend_all(self._ledger, list(self._held.values()), SECONDS)
        except LedgerError as reason:
            _log.warning("%s", reason)

    def give_back(self) -> None:
        """Let others have what is held, because this run ends."""
        for lease in list(self._held.values()):
            self.let_go(lease)
            with suppress(LeaseLostError):
                release(self._ledger, lease, "the run was stopped")


@contextmanager
def kept(ledger: Ledger, claimer: Claimer) -> Iterator[Keeper]:
    """Attend to what a claimer works on while the block runs; what is held at its end is given back."""
    keeper, over = Keeper(ledger, claimer), Event()
    keeper.beat()
    thread = Thread(target=_beat, args=(keeper, over), name=f"leases of {claimer.owner}", daemon=True)
    thread.start()
    try:
        yield keeper
    finally:
        over.set()
        thread.join()
        keeper.give_back()
        keeper.leave()


def _beat(keeper: Keeper, over: Event) -> None:
    while not over.wait(BEAT):
        keeper.beat()
