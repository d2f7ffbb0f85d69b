"""Arrivals: what is to be done, however often it is announced."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.sql.dml import ReturningInsert

from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger, insert_into, insert_rows
from tasks.ledger.models import Arrival
from tasks.ledger.sessions import session_numbers
from tasks.ledger.tables import items
from tasks.ledger.transitions import AFRESH, take_back


def arrive(ledger: Ledger, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Write down what has arrived; return what is news.

    The same announcement again changes nothing, in whatever state the item is. One with another payload is news: the
    item waits afresh, whether it was waiting, running (its owner is refused when it wants to finish), done or
    quarantined. Doing a done item again costs little, because each step whose digest is unchanged is recalled.
    Of two announcements of one item in one call, the last counts. The sessions must be open.
    """
    return ledger.write(lambda connection: write_arrivals(connection, arrivals))


def write_arrivals(connection: Connection, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Do the work of ``arrive`` within a transaction."""
    if not arrivals:
        return []
    numbers = session_numbers(connection, {arrival.session for arrival in arrivals})
    announced = {(numbers[arrival.session], arrival.kind, arrival.key): arrival for arrival in arrivals}
    # Everybody takes the locks of rows in the same order, so that nobody waits in a circle.
    rows = [_row(key, announced[key]) for key in sorted(announced)]
    news: Sequence[Row[Any]] = insert_rows(connection, _upsert(connection.dialect.name), rows).all()
    changed = sorted((row.id, row.attempt) for row in news if row.attempt > 0)
    take_back(connection, changed, "arrival", "announced-anew", "announced with another payload")
    told = {(row.session_id, row.kind, row.key) for row in news}
    return [arrival for key, arrival in announced.items() if key in told]


def _row(key: tuple[int, str, str], arrival: Arrival) -> dict[str, object]:
    session, kind, name = key
    return {
        "session_id": session,
        "kind": kind,
        "key": name,
        "payload": arrival.payload,
        "priority": arrival.priority,
    }


@cache
def _upsert(dialect: str) -> ReturningInsert[Any]:
    """Insert what is new and start afresh what has another payload; return those rows."""
    insert = insert_into(dialect, items).values(AFRESH | {"attempt": 0, "arrived": NOW})
    offered = {name: insert.excluded[name] for name in ("payload", "priority")}
    statement = insert.on_conflict_do_update(
        index_elements=["session_id", "kind", "key"],
        set_=AFRESH | offered | {"attempt": items.c.attempt + 1},
        where=items.c.payload != insert.excluded.payload,
    )
    return statement.returning(items.c.id, items.c.attempt, items.c.session_id, items.c.kind, items.c.key)
