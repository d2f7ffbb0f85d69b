"""Deliver what the ledger has to tell: each target has one function, which may be called twice for the same."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from flows.items import ANSWERS, ISPYB, PROJECT, REPORT
from flows.projects import write_session_project
from tasks.ispyb import Away, Orphaned, Rejected
from tasks.ledger import Delivery, Ledger, failed, sent, take, together
from tasks.report.session import write_session_report

_log = logging.getLogger(__name__)
_SECONDS = 300.0
"""How long a delivery may take before another sender tries it."""
_AT_ONCE = 50
_ORPHANED = 8
"""Tries for rows that belong to one that is not there, over ten minutes."""

Deliver = Callable[[Ledger, Delivery], None]
DeliverAll = Callable[[Ledger, Sequence[Delivery]], None]


def write_report(ledger: Ledger, news: Delivery) -> None:
    """Write the report of a session anew."""
    write_session_report(ledger, news.key)


def write_project(ledger: Ledger, news: Delivery) -> None:
    """Bring the project of a session up to date."""
    write_session_project(ledger, news.key)


def answer_murfey(ledger: Ledger, news: Delivery) -> None:
    """Put into words what Murfey is told of an item."""
    # A sweep comes every minute, and need not wait for all steps if nobody is to be told.
    from flows.murfey.answering import answer  # noqa: PLC0415

    answer(ledger, news)


def write_rows(ledger: Ledger, news: Delivery) -> None:
    """Write to ISPyB what is known of an item."""
    from flows.ispyb.delivery import deliver_rows  # noqa: PLC0415 - as above

    deliver_rows(ledger, [news])


def write_all_rows(ledger: Ledger, news: Sequence[Delivery]) -> None:
    """Write to ISPyB what is known of several items."""
    from flows.ispyb.delivery import deliver_rows  # noqa: PLC0415 - as above

    deliver_rows(ledger, news)


TARGETS: Mapping[str, Deliver] = {
    ANSWERS: answer_murfey,
    ISPYB: write_rows,
    REPORT: write_report,
    PROJECT: write_project,
}
"""In the order in which they are served: others wait for answers."""
_TOGETHER: Mapping[Deliver, DeliverAll] = {write_rows: write_all_rows}
"""How several are delivered at once, where that costs less; if one of them cannot be, none is."""


def deliver(ledger: Ledger) -> int:
    """Deliver what is pending; what fails is tried again later, with the reason. Return the number delivered."""
    return sum(deliver_to(ledger, target, send) for target, send in TARGETS.items())


def deliver_to(ledger: Ledger, target: str, send: Deliver) -> int:
    """Deliver what is pending for one target, as long as that is there; return the number delivered."""
    # What comes meanwhile is for the next time: a report that always changes would keep us for ever.
    left, delivered = take(ledger, target, _AT_ONCE, _SECONDS), 0
    try:
        for number, successes in _delivering(ledger, left, send):
            left, delivered = left[number:], delivered + successes
    except Away as error:
        # To ask for it again with each of the others could take longer than they are ours.
        _log.warning("%s is away: %s", target, error)
        reason = str(error)
        together(ledger, [partial(failed, delivery=each, error=reason) for each in left], _SECONDS)
    return delivered


def _delivering(ledger: Ledger, deliveries: Sequence[Delivery], send: Deliver) -> Iterator[tuple[int, int]]:
    """Deliver in order, together what can be; yield of how many it is decided, and how many of them are delivered."""
    if send not in _TOGETHER or len(deliveries) < 2:
        for each in deliveries:
            yield 1, int(_deliver(ledger, each, send))
    elif _deliver_all(ledger, deliveries, _TOGETHER[send]):
        yield len(deliveries), len(deliveries)
    else:
        # Few are at fault, and found soon in this way.
        half = len(deliveries) // 2
        yield from _delivering(ledger, deliveries[:half], send)
        yield from _delivering(ledger, deliveries[half:], send)


def _deliver_all(ledger: Ledger, deliveries: Sequence[Delivery], send: DeliverAll) -> bool:
    try:
        send(ledger, deliveries)
    except Away:
        raise
    except Exception as error:  # noqa: BLE001 - it is told when the one is found that it is about
        _log.debug("%d messages are not delivered together: %s", len(deliveries), error)
        return False
    sent(ledger, deliveries)
    return True


def _deliver(ledger: Ledger, delivery: Delivery, send: Deliver) -> bool:
    try:
        send(ledger, delivery)
    except Away:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
        _log.exception("%s %s is not delivered", delivery.target, delivery.key)
        failed(ledger, delivery, str(error) or type(error).__name__, rejected=_is_final(error, delivery))
        return False
    sent(ledger, [delivery])
    return True


def _is_final(error: Exception, delivery: Delivery) -> bool:
    """Tell whether the target will never take what it was given; what belongs to it may still be on its way."""
    if isinstance(error, Orphaned):
        return delivery.tries >= _ORPHANED
    return isinstance(error, Rejected)
