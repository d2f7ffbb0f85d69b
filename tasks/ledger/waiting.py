"""What waits, so that work can be started that no event has started."""

from pydantic import PositiveInt
from sqlalchemy import func, select

from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger
from tasks.ledger.tables import items, sessions
from tasks.models import Model

_READY = (
    select(sessions.c.name.label("session"), items.c.kind, func.count().label("items"))
    .join(sessions)
    .where(items.c.state == "waiting", items.c.not_before <= NOW)
    .group_by(sessions.c.name, items.c.kind)
    .order_by(sessions.c.name, items.c.kind)
)


class Waiting(Model):
    """Items of one kind that could be worked on now."""

    session: str
    kind: str
    items: PositiveInt


def waiting(ledger: Ledger) -> list[Waiting]:
    """Count the items of each session and kind that wait and are due."""
    rows = ledger.read(lambda connection: connection.execute(_READY).all())
    return [Waiting.model_validate(row._asdict()) for row in rows]
