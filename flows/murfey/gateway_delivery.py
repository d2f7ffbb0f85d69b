"""What is told to others beside the work with the broker: who is slow there must not keep us from its heartbeat."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread

from flows.murfey.gateway_health import Health
from flows.murfey.gateway_metrics import Metrics
from flows.outboxes import TARGETS, Deliver, deliver_to
from tasks.ledger import Ledger, LedgerError
from tasks.ledger.overdue import unsent

_log = logging.getLogger(__name__)

_INTERVAL = 1.0
"""Seconds between looks into the outboxes."""
_OBSERVED = ("answers", "ispyb")


def our_targets() -> Mapping[str, Deliver]:
    """Return the targets that the gateway serves: answers to Murfey, which it publishes then, and ISPyB."""
    return {name: TARGETS[name] for name in _OBSERVED if name in TARGETS}


@contextmanager
def delivering(ledger: Ledger, targets: Mapping[str, Deliver], metrics: Metrics, health: Health) -> Iterator[None]:
    """Deliver what is posted for the targets meanwhile, in a thread."""
    stop = Event()
    thread = Thread(target=_deliver_until, args=(stop, ledger, targets, metrics, health), name="deliveries")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _deliver_until(
    stop: Event, ledger: Ledger, targets: Mapping[str, Deliver], metrics: Metrics, health: Health
) -> None:
    while not stop.is_set():
        try:
            delivered = sum(deliver_to(ledger, target, send) for target, send in targets.items())
            metrics.see_backlog(unsent(ledger, 0.0))
            health.reached("ledger")
        except LedgerError as reason:
            health.lost("ledger", str(reason))
            delivered = 0
        except Exception:  # noqa: BLE001 - whatever it is, it must not end silently what others wait for
            _log.exception("the outboxes could not be worked off")
            delivered = 0
        if not delivered:
            stop.wait(_INTERVAL)
