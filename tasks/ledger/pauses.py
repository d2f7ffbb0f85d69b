"""Pauses: a pool whose licence or space is exhausted takes nothing for a while; arrivals are still accepted."""

from pydantic import NonNegativeFloat
from sqlalchemy import Connection, delete, select

from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger, insert_into
from tasks.ledger.models import Failure, FailureKind
from tasks.ledger.tables import pauses
from tasks.models import Model

_PAUSING = (
    select(pauses.c.pool, pauses.c.kind, pauses.c.reason, (pauses.c.until - NOW).label("remaining"))
    .where(pauses.c.since <= NOW, pauses.c.until > NOW)
    .order_by(pauses.c.pool)
)


class Pause(Model):
    """A pool that takes nothing, and why."""

    pool: str
    kind: FailureKind
    reason: str
    remaining: NonNegativeFloat
    """Seconds until it takes items again."""


def pausing(ledger: Ledger) -> list[Pause]:
    """Return the pools that pause now."""
    rows = ledger.read(lambda connection: connection.execute(_PAUSING).all())
    return [Pause.model_validate(row._asdict()) for row in rows]


def resume(ledger: Ledger, pool: str) -> None:
    """End the pause of a pool, if it pauses."""
    ledger.write(lambda connection: connection.execute(delete(pauses).where(pauses.c.pool == pool)))


def write_pause(connection: Connection, pool: str, failure: Failure, seconds: float) -> None:
    """Let a pool take nothing for so many seconds from now."""
    values = {"kind": failure.kind, "reason": failure.reason, "since": NOW, "until": NOW + seconds}
    insert = insert_into(connection.dialect.name, pauses).values({"pool": pool} | values)
    connection.execute(insert.on_conflict_do_update(index_elements=["pool"], set_=values))
