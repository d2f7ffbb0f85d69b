"""Deliver what the ledger has to tell: each target has one function, which may be called twice for the same."""

import logging
from collections.abc import Callable, Mapping

from flows.items import PROJECT, REPORT
from flows.projects import write_session_project
from tasks.ledger import Delivery, Ledger, failed, sent, take
from tasks.report.session import write_session_report

_log = logging.getLogger(__name__)
_SECONDS = 300.0
"""How long a delivery may take before another sender tries it."""
_AT_ONCE = 50

Deliver = Callable[[Ledger, Delivery], None]


def write_report(ledger: Ledger, news: Delivery) -> None:
    """Write the report of a session anew."""
    write_session_report(ledger, news.key)


def write_project(ledger: Ledger, news: Delivery) -> None:
    """Bring the project of a session up to date."""
    write_session_project(ledger, news.key)


TARGETS: Mapping[str, Deliver] = {REPORT: write_report, PROJECT: write_project}


def deliver(ledger: Ledger) -> int:
    """Deliver what is pending; what fails is tried again later, with the reason. Return the number delivered."""
    return sum(deliver_to(ledger, target, send) for target, send in TARGETS.items())


def deliver_to(ledger: Ledger, target: str, send: Deliver) -> int:
    """Deliver what is pending for one target."""
    # What comes meanwhile is for the next time: a report that always changes would keep us for ever.
    return sum(_deliver(ledger, delivery, send) for delivery in take(ledger, target, _AT_ONCE, _SECONDS))


def _deliver(ledger: Ledger, delivery: Delivery, send: Deliver) -> bool:
    try:
        send(ledger, delivery)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
        _log.exception("%s %s is not delivered", delivery.target, delivery.key)
        failed(ledger, delivery, str(error) or type(error).__name__)
        return False
    sent(ledger, [delivery])
    return True
