"""Attendance: who is working off what waits of a session, so that nobody need be started for what arrives.

It only saves work. A run that looks once more after it has signed off leaves nothing behind; what a dead one has left
behind is found by the sweep.
"""

from functools import cache

from sqlalchemy import Connection, Insert, bindparam, delete, func, select

from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger, insert_into, insert_rows
from tasks.ledger.models import Claimer
from tasks.ledger.tables import attendants

_FRESH = 40.0
"""Seconds after which somebody who has given no sign of life does not count."""

# From the future too: a clock that was put back must not hide what is there.
_SEEN = attendants.c.seen.between(NOW - _FRESH, NOW + _FRESH)
_PRESENT = (
    select(func.count())
    .where(attendants.c.kind == bindparam("what"))
    .where((attendants.c.session == bindparam("whose")) | attendants.c.session.is_(None))
    .where(attendants.c.owner != bindparam("besides"))
    .where(_SEEN)
)
_LEAVE = delete(attendants).where(attendants.c.owner == bindparam("who"))
_FORGET = delete(attendants).where(~_SEEN)


def sign_on(ledger: Ledger, claimer: Claimer) -> None:
    """Say that somebody attends to what waits; again and again, as a sign of life."""
    rows = [{"owner": claimer.owner, "kind": kind, "session": claimer.session} for kind in claimer.kinds]
    ledger.write(lambda connection: insert_rows(connection, _upsert(connection.dialect.name), rows))


def sign_off(ledger: Ledger, owner: str) -> None:
    """Say that somebody no longer attends."""
    ledger.write(lambda connection: _sign_off(connection, owner))


def attended(ledger: Ledger, session: str, kind: str, *, besides: str = "") -> int:
    """Return how many attend to items of a kind in a session, and were seen lately, without one of them."""
    chosen = {"what": kind, "whose": session, "besides": besides}
    found = ledger.read(lambda connection: connection.scalar(_PRESENT, chosen))
    return int(found or 0)


def _sign_off(connection: Connection, owner: str) -> None:
    connection.execute(_LEAVE, {"who": owner})
    connection.execute(_FORGET)


@cache
def _upsert(dialect: str) -> Insert:
    insert = insert_into(dialect, attendants).values(seen=NOW)
    return insert.on_conflict_do_update(index_elements=["owner", "kind"], set_={"seen": insert.excluded.seen})
