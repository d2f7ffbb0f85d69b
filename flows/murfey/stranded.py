"""Telling of what is stranded: in the log, and as an event when it is news."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial

from prefect.events import emit_event

from flows.murfey.asked import is_led_by_murfey
from flows.murfey.queues import left_in_queues
from flows.murfey.reconcile import Finding, findings, undelivered
from flows.outboxes import deliver_to
from tasks.ledger import Delivery, Ledger, Message, all_sessions, post, quiet
from tasks.settings import site

STRANDED = "stranded"
"""The target whose messages become an event: the outbox knows what was told already."""
_EVERYWHERE = "all"
"""Stands for what has nothing to do with one session."""
_LATELY = 7 * 86400.0
"""Seconds after its last arrival for which a session is looked after."""

_log = logging.getLogger(__name__)

Found = Mapping[str, Sequence[Finding]]
"""By session."""


def look_for_stranded(ledger: Ledger) -> None:
    """Log what is stranded, and emit an event for what was not told yet."""
    led = [
        session for session in all_sessions(ledger) if is_led_by_murfey(session) and _is_recent(ledger, session.name)
    ]
    elsewhere = [*undelivered(ledger), *left_in_queues(site(), led)]
    found: Found = {_EVERYWHERE: elsewhere} | {session.name: findings(ledger, session) for session in led}
    for name, those in found.items():
        for each in those:
            _log.warning("stranded in %s: %s", name, each.words)
    post(ledger, [_news(name, those) for name, those in found.items()])
    deliver_to(ledger, STRANDED, partial(_tell, found))


def _is_recent(ledger: Ledger, session: str) -> bool:
    silence = quiet(ledger, session)
    return silence is not None and silence < _LATELY


def _news(session: str, found: Sequence[Finding]) -> Message:
    """Return the message that says what is stranded: the same one as long as that is the same."""
    about = sorted({each.about for each in found})
    return Message(target=STRANDED, key=session, payload={"stranded": [*about]}, repeat=True)


def _tell(found: Found, _ledger: Ledger, news: Delivery) -> None:
    """Emit what is stranded now, or that nothing is any more; nothing if nothing ever was."""
    about = news.payload["stranded"]
    if not about and news.version == 1:
        return
    what = "stranded" if about else "flowing"
    resource = {"prefect.resource.id": f"cryoem.session.{news.key}", "prefect.resource.name": news.key}
    words = [each.words for each in found.get(news.key, ())]
    emit_event(f"cryoem.session.{what}", resource, payload={"stranded": about, "words": [*words]})
