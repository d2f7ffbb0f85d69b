"""Status: how far a session is, how fast, and how long it will still take, from measured durations."""

from collections.abc import Sequence
from statistics import median

from pydantic import NonNegativeFloat, NonNegativeInt
from sqlalchemy import Connection, func, select

from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger
from tasks.ledger.models import State
from tasks.ledger.sessions import session_numbers
from tasks.ledger.tables import attempts, items
from tasks.models import Model

_LATEST = 50


class KindStatus(Model):
    """How far the items of one kind are."""

    kind: str
    waiting: NonNegativeInt = 0
    running: NonNegativeInt = 0
    done: NonNegativeInt = 0
    quarantined: NonNegativeInt = 0
    duration: NonNegativeFloat | None = None
    """Seconds that one item takes: the median of the latest 50; None before the first is done."""
    rate: NonNegativeFloat | None = None
    """Items done in a second, since the first of the latest 50 was begun; None before the first is done."""

    @property
    def open(self) -> int:
        """Items that are still to be done."""
        return self.waiting + self.running


class SessionStatus(Model):
    """How far a session is."""

    session: str
    kinds: tuple[KindStatus, ...]

    @property
    def remaining(self) -> float | None:
        """Seconds until all is done if as many items run at once as now (at least one); None if not yet known."""
        todo = [kind for kind in self.kinds if kind.open]
        durations = [kind.duration for kind in todo]
        if None in durations:
            return None
        work = sum(kind.open * (kind.duration or 0.0) for kind in todo)
        return work / max(1, sum(kind.running for kind in self.kinds))


def status(ledger: Ledger, session: str) -> SessionStatus:
    """Count the items of a session and measure how fast they are done."""
    return ledger.read(lambda connection: _status(connection, session))


def _status(connection: Connection, session: str) -> SessionStatus:
    number = session_numbers(connection, {session})[session]
    query = select(items.c.kind, items.c.state, func.count()).where(items.c.session_id == number)
    counts: dict[str, dict[State, int]] = {}
    for kind, state, count in connection.execute(query.group_by(items.c.kind, items.c.state)):
        counts.setdefault(kind, {})[state] = count
    kinds = tuple(_kind(connection, number, kind, counts[kind]) for kind in sorted(counts))
    return SessionStatus(session=session, kinds=kinds)


def _kind(connection: Connection, session: int, kind: str, counts: dict[State, int]) -> KindStatus:
    latest = (
        select((attempts.c.ended - attempts.c.started), NOW - items.c.finished)
        .join(attempts, (attempts.c.item_id == items.c.id) & (attempts.c.number == items.c.attempt))
        .where(items.c.session_id == session, items.c.kind == kind, items.c.state == "done")
        .order_by(items.c.finished.desc())
        .limit(_LATEST)
    )
    rows = connection.execute(latest).all()
    return KindStatus(kind=kind, **counts, **_speed([(duration, age) for duration, age in rows]))


def _speed(latest: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Return duration and rate of (duration, age) of the latest items; a clock that jumps makes neither negative."""
    if not latest:
        return {}
    period = max(duration + age for duration, age in latest)
    speed = {"duration": max(0.0, median(duration for duration, _ in latest))}
    return speed | {"rate": len(latest) / period} if period > 0 else speed
