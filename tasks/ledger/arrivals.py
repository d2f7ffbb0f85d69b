"""Arrivals: what is to be done, however often it is announced."""

from collections.abc import Sequence

from sqlalchemy import Row

from tasks.ledger.database import Ledger, Transaction
from tasks.ledger.models import Arrival
from tasks.ledger.sessions import session_ids
from tasks.ledger.tables import items
from tasks.ledger.transitions import AFRESH, take_back


def arrive(ledger: Ledger, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Write down what has arrived; return what is news.

    The same announcement again changes nothing, in whatever state the item is. One with another payload is news: the
    item waits afresh, whether it was waiting, running (its owner is refused when it wants to finish), done or
    quarantined. Doing a done item again costs little, because each step whose digest is unchanged is recalled.
    Of two announcements of one item in one call, the last counts. The sessions must be open.
    """
    return ledger.write(lambda transaction: write_arrivals(transaction, arrivals))


def write_arrivals(transaction: Transaction, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Do the work of ``arrive`` within a transaction."""
    if not arrivals:
        return []
    ids = session_ids(transaction, {arrival.session for arrival in arrivals})
    announced = {(ids[arrival.session], arrival.kind, arrival.key): arrival for arrival in arrivals}
    # Everybody takes the locks of rows in the same order, so that nobody waits in a circle.
    rows = [_row(key, announced[key]) for key in sorted(announced)]
    news = _upsert(transaction, rows)
    changed = sorted((row.id, row.attempt) for row in news if row.attempt > 0)
    take_back(transaction, changed, "arrival", "announced-anew", "announced with another payload")
    told = {(row.session_id, row.kind, row.key) for row in news}
    return [arrival for key, arrival in announced.items() if key in told]


def _row(key: tuple[int, str, str], arrival: Arrival) -> dict[str, object]:
    return {
        "session_id": key[0],
        "kind": key[1],
        "key": key[2],
        "payload": arrival.payload,
        "priority": arrival.priority,
    }


def _upsert(transaction: Transaction, rows: list[dict[str, object]]) -> Sequence[Row[int, int, int, str, str]]:
    """Insert what is new and start afresh what has another payload; return those rows."""
    insert = transaction.insert(items).values(AFRESH | {"attempt": 0, "arrived": transaction.now})
    offered = insert.excluded
    again = {name: offered[name] for name in ("payload", "priority")} | {"attempt": items.c.attempt + 1}
    statement = insert.on_conflict_do_update(
        index_elements=["session_id", "kind", "key"],
        set_=AFRESH | again,
        where=items.c.payload != offered.payload,
    ).returning(items.c.id, items.c.attempt, items.c.session_id, items.c.kind, items.c.key)
    return transaction.connection.execute(statement, rows).all()
