"""History: all that has happened to an item."""

from pathlib import Path

from sqlalchemy import select

from tasks.ledger.database import Ledger
from tasks.ledger.tables import attempts, items, sessions
from tasks.models import Model


class Attempt(Model):
    """One change of hands; times in seconds since 1970 by the clock of the database."""

    number: int
    owner: str
    """Who worked on the item, or who decided that it waits afresh."""
    pool: str | None
    started: float
    ended: float | None
    outcome: str | None
    """done, the kind of a failure, released, announced-anew or requeued; None while it runs."""
    reason: str | None
    log: Path | None


def history(ledger: Ledger, session: str, kind: str, key: str) -> list[Attempt]:
    """Return what has happened to an item since it arrived, in order."""
    columns = (attempts.c[name] for name in Attempt.model_fields)
    query = (
        select(*columns)
        .join(items, items.c.id == attempts.c.item_id)
        .join(sessions, sessions.c.id == items.c.session_id)
        .where(sessions.c.name == session, items.c.kind == kind, items.c.key == key)
        .order_by(attempts.c.number)
    )
    rows = ledger.read(lambda connection: connection.execute(query).all())
    return [Attempt.model_validate(row._asdict()) for row in rows]
