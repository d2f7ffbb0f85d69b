"""Leases: they are kept by signs of life, given back, and run out."""

from sqlalchemy import select, update

from tasks.ledger.database import Ledger, Transaction
from tasks.ledger.failures import settle
from tasks.ledger.models import Failure, Lease, Verdict
from tasks.ledger.policy import LONGEST_WAIT
from tasks.ledger.tables import attempts, items, outbox, sessions
from tasks.ledger.transitions import LEASED, UNLEASED, end_attempt, held, hold, is_, lease_of, lost


def extend(ledger: Ledger, lease: Lease, seconds: float) -> None:
    """Give a sign of life: the lease runs for so many seconds from now on. Raises LeaseLostError if it is lost."""
    ledger.write(lambda transaction: _extend(transaction, lease, seconds))


def release(ledger: Ledger, lease: Lease, reason: str) -> None:
    """Give an item back unharmed, say when the worker is asked to stop; raise LeaseLostError if it is lost."""
    ledger.write(lambda transaction: _release(transaction, lease, reason))


def expire(ledger: Ledger) -> list[tuple[Lease, Verdict]]:
    """Take the items back whose owners have given no sign of life; return the lost leases and the verdicts.

    They wait again at once, but an item that has lost its workers too often is quarantined. Times that were written
    by a clock that was wrong are put right first.
    """
    return ledger.write(_expire)


def _extend(transaction: Transaction, lease: Lease, seconds: float) -> None:
    period = {"lease_from": transaction.now, "lease_until": transaction.now + seconds}
    if not transaction.connection.execute(update(items).where(held(lease)).values(period)).rowcount:
        raise lost(lease)


def _release(transaction: Transaction, lease: Lease, reason: str) -> None:
    hold(transaction, lease)
    back = update(items).where(items.c.id == lease.item).values(UNLEASED | {"state": "waiting"})
    transaction.connection.execute(back)
    end_attempt(transaction, lease, "released", reason)


def _expire(transaction: Transaction) -> list[tuple[Lease, Verdict]]:
    _heal(transaction)
    query = (
        select(*LEASED, items.c.owner, sessions.c.name, attempts.c.pool)
        .join(sessions, sessions.c.id == items.c.session_id)
        .join(attempts, (attempts.c.item_id == items.c.id) & (attempts.c.number == items.c.attempt))
        .where(is_("running"), items.c.lease_until <= transaction.now)
        .with_for_update(skip_locked=True, of=items)
    )
    expired = []
    for row in transaction.connection.execute(query).all():
        lease = lease_of(row, row.name, row.pool)
        failure = Failure(kind="lost-worker", reason=f"no sign of life from {row.owner}")
        expired.append((lease, settle(transaction, lease, failure)))
    return expired


def _heal(transaction: Transaction) -> None:
    """Let nothing wait for a time that a wrong clock has written.

    A lease that begins later than now by more than its length begins anew: its owner has time to give a sign of life.
    """
    now = transaction.now
    length = items.c.lease_until - items.c.lease_from
    leases = update(items).where(is_("running"), items.c.lease_from > now + length)
    waits = update(items).where(is_("waiting"), items.c.not_before > now + LONGEST_WAIT)
    messages = update(outbox).where(outbox.c.state == "pending", outbox.c.next_try > now + LONGEST_WAIT)
    transaction.connection.execute(leases.values(lease_from=now, lease_until=now + length))
    transaction.connection.execute(waits.values(not_before=0.0))
    transaction.connection.execute(messages.values(next_try=0.0))
