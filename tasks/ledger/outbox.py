"""The outbox: what other systems must be told, kept until they have heard it.

A message is written in the transaction of what it tells, so neither is without the other. It is delivered at least
once: a sender that dies between sending and saying so leaves it to the next, so a target must know a key again.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Executable, Row, bindparam, case, func, literal_column, select, update

from tasks.ledger.database import Ledger, Transaction
from tasks.ledger.models import Delivery, Message
from tasks.ledger.policy import patience
from tasks.ledger.tables import outbox

_PENDING = outbox.c.state == literal_column("'pending'")
_TAKEN = (
    outbox.c.id.label("message"),
    outbox.c.version,
    outbox.c.attempts.label("tries"),
    outbox.c.target,
    outbox.c.key,
    outbox.c.payload,
    outbox.c.error,
)


def post(ledger: Ledger, messages: Sequence[Message]) -> None:
    """Write messages, unless they are already there; see ``Message.repeat`` for those with another payload."""
    ledger.write(lambda transaction: write_messages(transaction, messages))


def take(ledger: Ledger, target: str, limit: int = 100, seconds: float = 300.0) -> list[Delivery]:
    """Take the oldest messages that are due; who does not say within these seconds how it went is taken for dead."""
    return ledger.write(lambda transaction: _take(transaction, target, limit, seconds))


def sent(ledger: Ledger, deliveries: Sequence[Delivery]) -> None:
    """Record that messages were sent; one whose payload was replaced meanwhile stays to be sent again."""
    ledger.write(lambda transaction: _sent(transaction, deliveries))


def failed(ledger: Ledger, delivery: Delivery, error: str, *, rejected: bool = False) -> None:
    """Record that a message was not sent: try again later, or give up if the target rejects it or is away too long."""
    wait = None if rejected else patience(delivery.tries)
    ledger.write(lambda transaction: _failed(transaction, delivery, error, wait))


def revive(ledger: Ledger, target: str) -> int:
    """Let the dead messages of a target be sent again at once; return their number."""
    change = update(outbox).where(outbox.c.target == target, outbox.c.state == "dead")
    values = {"state": "pending", "attempts": 0, "next_try": 0.0}
    return ledger.write(lambda transaction: transaction.connection.execute(change.values(values)).rowcount)


def dead(ledger: Ledger, target: str) -> list[Delivery]:
    """Return the messages that were given up, the oldest first."""
    query = select(*_TAKEN).where(outbox.c.target == target, outbox.c.state == "dead").order_by(outbox.c.id)
    return ledger.read(lambda transaction: _deliveries(transaction.connection.execute(query)))


def posted(ledger: Ledger, target: str) -> dict[str, int]:
    """Count the messages of a target by their state."""
    query = select(outbox.c.state, func.count()).where(outbox.c.target == target).group_by(outbox.c.state)
    return ledger.read(lambda transaction: dict(transaction.connection.execute(query).all()))


def write_messages(transaction: Transaction, messages: Sequence[Message]) -> None:
    """Do the work of ``post`` within a transaction."""
    for repeat in (False, True):
        rows = {(message.target, message.key): message for message in messages if message.repeat is repeat}
        # Everybody takes the locks of rows in the same order, so that nobody waits in a circle.
        values = [{"target": key[0], "key": key[1], "payload": rows[key].payload} for key in sorted(rows)]
        if values:
            transaction.connection.execute(_insert(transaction, repeat=repeat), values)


def _insert(transaction: Transaction, *, repeat: bool) -> Executable:
    """Return the statement for new messages; one with another payload than before is a new version if so wished.

    A sender who has the old version keeps it for its time, so that the new one does not overtake it.
    """
    fresh = {"state": "pending", "attempts": 0, "next_try": 0.0, "version": 1, "posted": transaction.now}
    insert = transaction.insert(outbox).values(fresh)
    if not repeat:
        return insert.on_conflict_do_nothing(index_elements=["target", "key"])
    unsent = outbox.c.state == "pending"
    again = {
        "payload": insert.excluded.payload,
        "version": outbox.c.version + 1,
        "state": "pending",
        "attempts": case((unsent, outbox.c.attempts), else_=0),
        "next_try": case((unsent, outbox.c.next_try), else_=0.0),
        "sent": None,
    }
    return insert.on_conflict_do_update(
        index_elements=["target", "key"], set_=again, where=outbox.c.payload != insert.excluded.payload
    )


def _take(transaction: Transaction, target: str, limit: int, seconds: float) -> list[Delivery]:
    due = (
        select(outbox.c.id)
        .where(outbox.c.target == target, _PENDING, outbox.c.next_try <= transaction.now)
        .order_by(outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    numbers = transaction.connection.scalars(due).all()
    taken = (
        update(outbox)
        .where(outbox.c.id.in_(numbers))
        .values(attempts=outbox.c.attempts + 1, next_try=transaction.now + seconds)
        .returning(*_TAKEN)
    )
    found = _deliveries(transaction.connection.execute(taken)) if numbers else []
    return sorted(found, key=attrgetter("message"))


def _sent(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Mark what was sent; a version that came meanwhile is due at once."""
    this = outbox.c.id == bindparam("message")
    done = update(outbox).where(this, outbox.c.version == bindparam("sent_version"), outbox.c.state != "sent")
    newer = update(outbox).where(this, outbox.c.version > bindparam("sent_version"), _PENDING)
    newer = newer.where(outbox.c.attempts == bindparam("tries"))
    rows = [{"message": one.message, "sent_version": one.version, "tries": one.tries} for one in deliveries]
    if rows:
        transaction.connection.execute(done.values(state="sent", sent=transaction.now, error=None), rows)
        transaction.connection.execute(newer.values(attempts=0, next_try=0.0), rows)


def _failed(transaction: Transaction, delivery: Delivery, error: str, wait: float | None) -> None:
    """Write down a failure, unless the message is in other hands by now; a new version gets its own chance at once."""
    mine = update(outbox).where(outbox.c.id == delivery.message, outbox.c.attempts == delivery.tries, _PENDING)
    tried = mine.where(outbox.c.version == delivery.version)
    verdict = {"state": "dead"} if wait is None else {"next_try": transaction.now + wait}
    transaction.connection.execute(tried.values(verdict | {"error": error}))
    newer = mine.where(outbox.c.version > delivery.version)
    transaction.connection.execute(newer.values(attempts=0, next_try=0.0, error=error))


def _deliveries(rows: Iterable[Row[Any]]) -> list[Delivery]:
    return [Delivery.model_validate(row._asdict()) for row in rows]
