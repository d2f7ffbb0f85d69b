"""How the stages of a single-particle session follow each other while it runs."""

import logging
import time
from dataclasses import dataclass, field
from functools import partial

from flows.draining import Drain, Start, drain
from flows.events import announce, remind_of
from flows.leases import claimer
from flows.ledgers import the_ledger
from flows.murfey.asked import is_led_by_murfey
from flows.murfey.plan import planned_by_murfey, requests_in
from flows.relief import Relief
from flows.spa_plan import planned
from flows.spa_sessions import SpaSession
from tasks.errors import InputError
from tasks.ledger import Arrival, Ledger, find_session, follow_up, stamp

_log = logging.getLogger(__name__)

_EVERY = 10.0
"""Seconds between looks at what follows, at least."""
_SHARE = 0.05
"""Part of the time that may be spent with looking: sessions of ten thousand movies take a second."""


def advance(ledger: Ledger, name: str) -> list[Arrival]:
    """Write down what follows from what is done in a session, and tell what is new of it.

    Of a session with parameters that cannot be used nothing follows: its items are given up with that reason.
    """
    try:
        news = followed(ledger, name)
    except InputError as reason:
        _log.warning("%s", reason)
        return []
    announce(ledger, news)
    return news


def followed(ledger: Ledger, name: str) -> list[Arrival]:
    """Write down what follows from what is done in a session; return what is new of it."""
    session = find_session(ledger, name)
    rules = SpaSession.of(session)
    if not is_led_by_murfey(session):
        return follow_up(ledger, name, partial(planned, name, rules))
    asked = requests_in(ledger, name)
    return follow_up(ledger, name, lambda items: planned_by_murfey(session, rules, items, asked))


@dataclass
class Advancing:
    """Looks now and then at what follows, if anything has changed."""

    ledger: Ledger
    session: str
    _seen: object = None
    _next: float = field(default_factory=lambda: time.monotonic() + _EVERY)

    def __call__(self) -> None:
        """Look, unless it was not long ago."""
        begun = time.monotonic()
        if begun < self._next:
            return
        now = stamp(self.ledger, self.session)
        if now != self._seen:
            self._seen = now
            advance(self.ledger, self.session)
        self._next = time.monotonic() + max(_EVERY, (time.monotonic() - begun) / _SHARE)


@dataclass(frozen=True)
class Pace:
    """How a run works."""

    slots: int
    """Items in work at once."""
    linger: float
    """Seconds without work after which it ends."""
    live: bool = False
    """Whether the newest is done first while a session is live; what comes later mostly builds on what was first."""


def work_off(session: str, kinds: tuple[str, ...], work: Start, pace: Pace) -> int:
    """Have items of some kinds done until none has waited for a while, and what follows begun; return their number."""
    ledger = the_ledger()
    worker = claimer(ledger, session, *kinds)
    worker = worker if pace.live else worker.model_copy(update={"order": "oldest"})
    relief, looks = Relief(ledger, session, kinds[-1]), Advancing(ledger, session)
    done = drain(ledger, worker, work, Drain(pace.slots, pace.linger, may_end=relief, meanwhile=looks))
    advance(ledger, session)
    for kind in kinds:
        remind_of(ledger, session, kind)
    return done
