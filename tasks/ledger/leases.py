"""Leases: they are kept by signs of life, given back, and run out."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Double, bindparam, literal_column, select, update

from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger
from tasks.ledger.failures import settle
from tasks.ledger.models import Failure, Lease, Verdict
from tasks.ledger.outbox import PENDING
from tasks.ledger.policy import LONGEST_WAIT
from tasks.ledger.tables import attempts, items, outbox, sessions
from tasks.ledger.transitions import HELD, LEASED, UNLEASED, end_attempt, hold, holder, is_, lease_of, lost

_UNTIL = NOW + bindparam("seconds", type_=Double())
_EXTEND = update(items).where(HELD).values(lease_from=NOW, lease_until=_UNTIL)
_RELEASE = update(items).where(HELD).values(UNLEASED | {"state": "waiting"})
_RUNNING = (
    select(*LEASED, items.c.owner, sessions.c.name, attempts.c.pool)
    .join(sessions, sessions.c.id == items.c.session_id)
    .join(attempts, (attempts.c.item_id == items.c.id) & (attempts.c.number == items.c.attempt))
    .where(is_("running"))
    .order_by(items.c.id)
    .with_for_update(skip_locked=True, of=items)
)
_EXPIRED = _RUNNING.where(items.c.lease_until <= NOW)
_ORPHANED = _RUNNING.where(items.c.owner == bindparam("dead"))
_LENGTH = items.c.lease_until - items.c.lease_from
_HEAL = (
    # A lease that begins later than now by more than its length: its owner has time to give a sign of life.
    update(items)
    .where(is_("running"), items.c.lease_from > NOW + _LENGTH)
    .values(lease_from=NOW, lease_until=NOW + _LENGTH),
    update(items)
    .where(is_("waiting"), items.c.not_before > literal_column("0"), items.c.not_before > NOW + LONGEST_WAIT)
    .values(not_before=0.0),
    update(outbox)
    .where(PENDING, outbox.c.next_try > literal_column("0"), outbox.c.next_try > NOW + LONGEST_WAIT)
    .values(next_try=0.0),
)


def extend(ledger: Ledger, lease: Lease, seconds: float) -> None:
    """Give a sign of life: the lease runs for so many seconds from now on. Raises LeaseLostError if it is lost."""
    ledger.write(lambda connection: _extend(connection, lease, seconds))


def extend_all(ledger: Ledger, leases: Sequence[Lease], seconds: float) -> None:
    """Give a sign of life for many leases; one that is lost stays lost, which shows when its work is finished."""
    rows = [holder(lease) | {"seconds": seconds} for lease in sorted(leases, key=lambda lease: lease.item)]
    if rows:
        ledger.write(lambda connection: connection.execute(_EXTEND, rows))


def release(ledger: Ledger, lease: Lease, reason: str) -> None:
    """Give an item back unharmed, say when the worker is asked to stop; raise LeaseLostError if it is lost."""
    ledger.write(lambda connection: _release(connection, lease, reason))


def expire(ledger: Ledger) -> list[tuple[Lease, Verdict]]:
    """Take the items back whose owners have given no sign of life; return the lost leases and the verdicts.

    They wait again at once, but an item that has lost its workers too often is quarantined. Times that were written
    by a clock that was wrong are put right first.
    """
    return ledger.write(_expire)


def bereave(ledger: Ledger, owner: str) -> list[tuple[Lease, Verdict]]:
    """Take the items back at once of an owner that is known to be dead; return the leases and the verdicts."""
    return ledger.write(lambda connection: _take_back(connection, connection.execute(_ORPHANED, {"dead": owner}).all()))


def _extend(connection: Connection, lease: Lease, seconds: float) -> None:
    if not connection.execute(_EXTEND, holder(lease) | {"seconds": seconds}).rowcount:
        raise lost(lease)


def _release(connection: Connection, lease: Lease, reason: str) -> None:
    hold(connection, lease)
    connection.execute(_RELEASE, holder(lease))
    end_attempt(connection, lease, "released", reason)


def _expire(connection: Connection) -> list[tuple[Lease, Verdict]]:
    for statement in _HEAL:
        connection.execute(statement)
    return _take_back(connection, connection.execute(_EXPIRED).all())


def _take_back(connection: Connection, rows: Sequence[Any]) -> list[tuple[Lease, Verdict]]:
    taken = []
    for row in rows:
        lease = lease_of(row, row.name, row.pool)
        failure = Failure(kind="lost-worker", reason=f"no sign of life from {row.owner}")
        taken.append((lease, settle(connection, lease, failure)))
    return taken
