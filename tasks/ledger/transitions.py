"""How items change hands: every transition is a row of ``attempts``, written with the change of the item."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, literal_column, select, update

from tasks.ledger.clock import NOW
from tasks.ledger.errors import LeaseLostError
from tasks.ledger.models import Lease, State
from tasks.ledger.tables import attempts, items

Outcome = Literal["done", "released", "announced-anew", "requeued"]
"""How an attempt ends, if not by a failure, whose kind is then the outcome."""

UNLEASED: dict[str, Any] = {"owner": None, "lease_from": None, "lease_until": None}
BLAMELESS: dict[str, Any] = {"failures": {}, "reason_kind": None, "reason": None, "log": None, "not_before": 0.0}
AFRESH: dict[str, Any] = UNLEASED | BLAMELESS | {"state": "waiting", "finished": None}

LEASED = (items.c.id.label("item"), items.c.attempt, items.c.kind, items.c.key, items.c.payload, items.c.failures)
"""What a lease is made of, beside the session and the pool."""


def is_(state: State) -> ColumnElement[bool]:
    """Return the condition that an item is in a state, in the words of the partial indices."""
    return items.c.state == literal_column(f"'{state}'")


HELD = and_(items.c.id == bindparam("held_item"), items.c.attempt == bindparam("held_attempt"), is_("running"))
"""The condition that an item still belongs to a lease: the number of the attempt decides, not the time."""

_HOLD = select(items.c.id).where(HELD).with_for_update()
_THIS = (attempts.c.item_id == bindparam("held_item"), attempts.c.number == bindparam("held_attempt"))
_END = update(attempts).where(*_THIS).values(ended=NOW)
_STOP = update(attempts).where(attempts.c.item_id == bindparam("held_item"), attempts.c.ended.is_(None))
_DECIDE = insert(attempts).values(started=NOW, ended=NOW)


def holder(lease: Lease) -> dict[str, Any]:
    """Return the parameters of HELD."""
    return {"held_item": lease.item, "held_attempt": lease.attempt}


def hold(connection: Connection, lease: Lease) -> None:
    """Keep an item from changing hands until the end of the transaction; raise LeaseLostError if it has."""
    if connection.scalar(_HOLD, holder(lease)) is None:
        raise lost(lease)


def lost(lease: Lease) -> LeaseLostError:
    """Return the error that a lease is lost."""
    return LeaseLostError(f"{lease}: the lease is lost; what was done under it does not count")


def lease_of(row: Any, session: str, pool: str) -> Lease:  # noqa: ANN401 - a row of LEASED
    """Make a lease of a row of items."""
    fields = {column.key: getattr(row, column.key) for column in LEASED}
    return Lease(**fields, session=session, pool=pool)


def end_attempt(
    connection: Connection, lease: Lease, outcome: str, reason: str | None = None, log: str | None = None
) -> None:
    """Record how an attempt ended."""
    connection.execute(_END, holder(lease) | {"outcome": outcome, "reason": reason, "log": log})


def take_back(
    connection: Connection, taken: Sequence[tuple[int, int]], who: str, outcome: Outcome, reason: str
) -> None:
    """Record that items (each with its new number of the attempt) went back to waiting by somebody's decision.

    The decision is a row of its own; an attempt that was running ends with it.
    """
    if taken:
        ending = {"outcome": outcome, "reason": reason}
        connection.execute(_STOP.values(ended=NOW, **ending), [{"held_item": item} for item, _ in taken])
        rows = [{"item_id": item, "number": number, "owner": who} | ending for item, number in taken]
        connection.execute(_DECIDE, rows)
