"""Pauses: a pool whose licence or space is exhausted takes nothing for a while; arrivals are still accepted."""

from pydantic import NonNegativeFloat
from sqlalchemy import delete, select

from tasks.ledger.database import Ledger, Transaction
from tasks.ledger.models import Failure, FailureKind
from tasks.ledger.tables import pauses
from tasks.models import Model


class Pause(Model):
    """A pool that takes nothing, and why."""

    pool: str
    kind: FailureKind
    reason: str
    remaining: NonNegativeFloat
    """Seconds until it takes items again."""


def pausing(ledger: Ledger) -> list[Pause]:
    """Return the pools that pause now."""
    return ledger.read(_pausing)


def resume(ledger: Ledger, pool: str) -> None:
    """End the pause of a pool, if it pauses."""
    ledger.write(lambda transaction: transaction.connection.execute(delete(pauses).where(pauses.c.pool == pool)))


def write_pause(transaction: Transaction, pool: str, failure: Failure, seconds: float) -> None:
    """Let a pool take nothing for so many seconds from now."""
    now = transaction.now
    values = {"kind": failure.kind, "reason": failure.reason, "since": now, "until": now + seconds}
    insert = transaction.insert(pauses).values({"pool": pool} | values)
    transaction.connection.execute(insert.on_conflict_do_update(index_elements=["pool"], set_=values))


def _pausing(transaction: Transaction) -> list[Pause]:
    remaining = (pauses.c.until - transaction.now).label("remaining")
    query = select(pauses.c.pool, pauses.c.kind, pauses.c.reason, remaining)
    query = query.where(pauses.c.since <= transaction.now, pauses.c.until > transaction.now).order_by(pauses.c.pool)
    return [Pause.model_validate(row._asdict()) for row in transaction.connection.execute(query)]
