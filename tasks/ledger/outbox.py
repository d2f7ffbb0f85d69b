"""The outbox: what other systems must be told, kept until they have heard it.

A message is written in the transaction of what it tells, so neither is without the other. It is delivered at least
once: a sender that dies between sending and saying so leaves it to the next, so a target must know a key again.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Double, Insert, Row, and_, bindparam, case, func, literal_column, select, update

from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger, insert_into, insert_rows
from tasks.ledger.models import Delivery, Message
from tasks.ledger.policy import patience
from tasks.ledger.tables import outbox

# In the words of the partial indices.
PENDING = outbox.c.state == literal_column("'pending'")
DEAD = outbox.c.state == literal_column("'dead'")
_TAKEN = (
    outbox.c.id.label("message"),
    outbox.c.version,
    outbox.c.attempts.label("tries"),
    outbox.c.target,
    outbox.c.key,
    outbox.c.payload,
    outbox.c.error,
)

_DUE = (
    select(outbox.c.id)
    .where(outbox.c.target == bindparam("to"), PENDING, outbox.c.next_try <= NOW)
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("numbers", expanding=True)))
    .values(attempts=outbox.c.attempts + 1, next_try=NOW + bindparam("seconds", type_=Double()))
    .returning(*_TAKEN)
)
_THIS = outbox.c.id == bindparam("held_message")
# Whoever sent it has sent it, even if others were at it meanwhile; only of a failure the last one decides.
_MINE = and_(_THIS, outbox.c.attempts == bindparam("held_try"), PENDING)
_SENT = (
    update(outbox)
    .where(_THIS, outbox.c.version == bindparam("held_version"), outbox.c.state != "sent")
    .values(state="sent", sent=NOW, error=None)
)
_NEWER = update(outbox).where(_MINE, outbox.c.version > bindparam("held_version")).values(attempts=0, next_try=0.0)


def post(ledger: Ledger, messages: Sequence[Message]) -> None:
    """Write messages, unless they are already there; see ``Message.repeat`` for those with another payload."""
    ledger.write(lambda connection: write_messages(connection, messages))


def take(ledger: Ledger, target: str, limit: int = 100, seconds: float = 300.0) -> list[Delivery]:
    """Take the oldest messages that are due; who does not say within these seconds how it went is taken for dead."""
    return ledger.write(lambda connection: _take(connection, target, limit, seconds))


def sent(ledger: Ledger, deliveries: Sequence[Delivery]) -> None:
    """Record that messages were sent; one whose payload was replaced meanwhile stays to be sent again."""
    ledger.write(lambda connection: _sent(connection, deliveries))


def failed(ledger: Ledger, delivery: Delivery, error: str, *, rejected: bool = False) -> None:
    """Record that a message was not sent: try again later, or give up if the target rejects it or is away too long."""
    wait = None if rejected else patience(delivery.tries)
    ledger.write(lambda connection: _failed(connection, delivery, error, wait))


def revive(ledger: Ledger, target: str) -> int:
    """Let the dead messages of a target be sent again at once; return their number."""
    change = update(outbox).where(outbox.c.target == target, DEAD)
    values = {"state": "pending", "attempts": 0, "next_try": 0.0}
    return ledger.write(lambda connection: connection.execute(change.values(values)).rowcount)


def dead(ledger: Ledger, target: str) -> list[Delivery]:
    """Return the messages that were given up, the oldest first."""
    query = select(*_TAKEN).where(outbox.c.target == target, DEAD).order_by(outbox.c.id)
    return ledger.read(lambda connection: _deliveries(connection.execute(query)))


def posted(ledger: Ledger, target: str) -> dict[str, int]:
    """Count the messages of a target by their state."""
    count = func.count().label("number")
    query = select(outbox.c.state, count).where(outbox.c.target == target).group_by(outbox.c.state)
    rows = ledger.read(lambda connection: connection.execute(query).all())
    return {row.state: row.number for row in rows}


def write_messages(connection: Connection, messages: Sequence[Message]) -> None:
    """Do the work of ``post`` within a transaction."""
    for repeat in (False, True):
        rows = {(message.target, message.key): message for message in messages if message.repeat is repeat}
        # Everybody takes the locks of rows in the same order, so that nobody waits in a circle.
        values = [{"target": key[0], "key": key[1], "payload": rows[key].payload} for key in sorted(rows)]
        if values:
            insert_rows(connection, _insert(connection.dialect.name, repeat=repeat), values)


@cache
def _insert(dialect: str, *, repeat: bool) -> Insert:
    """Return the statement for new messages; one with another payload than before is a new version if so wished.

    A sender who has the old version keeps it for its time, so that the new one does not overtake it.
    """
    fresh = {"state": "pending", "attempts": 0, "next_try": 0.0, "version": 1, "posted": NOW}
    insert = insert_into(dialect, outbox).values(fresh)
    if not repeat:
        return insert.on_conflict_do_nothing(index_elements=["target", "key"])
    again = {
        "payload": insert.excluded.payload,
        "version": outbox.c.version + 1,
        "state": "pending",
        "attempts": case((PENDING, outbox.c.attempts), else_=0),
        "next_try": case((PENDING, outbox.c.next_try), else_=0.0),
        "posted": case((PENDING, outbox.c.posted), else_=NOW),
        "sent": None,
    }
    return insert.on_conflict_do_update(
        index_elements=["target", "key"], set_=again, where=outbox.c.payload != insert.excluded.payload
    )


def _take(connection: Connection, target: str, limit: int, seconds: float) -> list[Delivery]:
    numbers = connection.scalars(_DUE, {"to": target, "limit": limit}).all()
    rows = connection.execute(_TAKE, {"numbers": numbers, "seconds": seconds}) if numbers else ()
    return sorted(_deliveries(rows), key=attrgetter("message"))


def _sent(connection: Connection, deliveries: Sequence[Delivery]) -> None:
    """Mark what was sent; a version that came meanwhile is due at once."""
    if deliveries:
        rows = [_held(delivery) for delivery in deliveries]
        connection.execute(_SENT, rows)
        connection.execute(_NEWER, rows)


def _failed(connection: Connection, delivery: Delivery, error: str, wait: float | None) -> None:
    """Write down a failure, unless the message is in other hands; a version that came meanwhile is due at once."""
    mine = update(outbox).where(_MINE, outbox.c.version == bindparam("held_version"))
    verdict = {"state": "dead"} if wait is None else {"next_try": NOW + wait}
    connection.execute(mine.values(verdict | {"error": error}), _held(delivery))
    connection.execute(_NEWER, [_held(delivery)])


def _held(delivery: Delivery) -> dict[str, int]:
    return {"held_message": delivery.message, "held_version": delivery.version, "held_try": delivery.tries}


def _deliveries(rows: Iterable[Row[Any]]) -> list[Delivery]:
    return [Delivery.model_validate(row._asdict()) for row in rows]
