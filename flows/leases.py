"""Hold a lease while working on an item."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from tasks.ledger import Lease, LeaseLostError, Ledger, extend

SECONDS = 120.0
"""How long a lease lasts when nobody extends it: a dead owner's item waits for others no longer than this."""
_log = logging.getLogger(__name__)


@contextmanager
def held(ledger: Ledger, lease: Lease) -> Iterator[None]:
    """Extend a lease as long as the block runs; whether it was lost shows when the work is to be finished."""
    over = Event()
    thread = Thread(target=_extend, args=(ledger, lease, over), name=f"lease of {lease.key}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _extend(ledger: Ledger, lease: Lease, over: Event) -> None:
    while not over.wait(SECONDS / 4):
        try:
            extend(ledger, lease, SECONDS)
        except LeaseLostError as lost:
            _log.warning("%s", lost)
            return
