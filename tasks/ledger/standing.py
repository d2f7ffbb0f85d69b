"""How the items of a session stand, and what follows from it: decided by one at a time."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import Field, JsonValue, NonNegativeFloat
from sqlalchemy import Connection, Row, bindparam, func, select

from tasks.ledger.arrivals import write_arrivals
from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger
from tasks.ledger.models import Arrival, State
from tasks.ledger.tables import items, results, sessions
from tasks.models import Model

_LOCK = select(sessions.c.id).where(sessions.c.name == bindparam("whose")).with_for_update()
_NUMBER = func.coalesce(
    results.c.result["count"].as_integer(), results.c.result["particles", "count"].as_integer()
).label("number")
_ITEMS = (
    select(items.c.id, items.c.kind, items.c.key, items.c.state, items.c.payload, items.c.finished)
    .add_columns((NOW - items.c.arrived).label("age"))
    .join(sessions, sessions.c.id == items.c.session_id)
    .where(sessions.c.name == bindparam("whose"))
    .order_by(items.c.id)
)
_RESULTS = (
    select(results.c.item_id, results.c.step, results.c.digest, _NUMBER)
    .join(items, items.c.id == results.c.item_id)
    .join(sessions, sessions.c.id == items.c.session_id)
    .where(sessions.c.name == bindparam("whose"))
)
_STAMP = (
    select(items.c.kind, items.c.state, func.count(), func.max(items.c.attempt), func.max(items.c.finished))
    .join(sessions, sessions.c.id == items.c.session_id)
    .where(sessions.c.name == bindparam("whose"))
    .group_by(items.c.kind, items.c.state)
    .order_by(items.c.kind, items.c.state)
)


class Standing(Model):
    """How an item stands."""

    key: str
    state: State
    payload: dict[str, JsonValue]
    age: float
    """Seconds since it arrived."""
    finished: NonNegativeFloat | None = None
    """When it was done."""
    digests: dict[str, str] = Field(default={})
    """What each step's result was made of, by step."""
    counts: dict[str, int] = Field(default={})
    """How many (particles) each step found, by step, where it says so."""


Standings = Mapping[str, Sequence[Standing]]
"""By kind, in the order of arrival."""


def follow_up(ledger: Ledger, session: str, decide: Callable[[Standings], Sequence[Arrival]]) -> list[Arrival]:
    """Have what follows from how a session stands decided, and write it down; return what is news.

    Only one at a time does this for a session, so that nobody decides by what is out of date.
    """

    def work(connection: Connection) -> list[Arrival]:
        connection.execute(_LOCK, {"whose": session})
        return write_arrivals(connection, decide(_standings(connection, session)))

    return ledger.write(work)


def stamp(ledger: Ledger, session: str) -> tuple[tuple[Any, ...], ...]:
    """Return what is different whenever an item of a session has come to stand otherwise."""
    rows = ledger.read(lambda connection: connection.execute(_STAMP, {"whose": session}).all())
    return tuple(tuple(row) for row in rows)


def _standings(connection: Connection, session: str) -> Standings:
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(_RESULTS, {"whose": session}):
        found[row.item_id].append(row)
    by_kind: defaultdict[str, list[Standing]] = defaultdict(list)
    for row in connection.execute(_ITEMS, {"whose": session}):
        by_kind[row.kind].append(_standing(row, found[row.id]))
    return by_kind


def _standing(item: Row[Any], found: Sequence[Row[Any]]) -> Standing:
    # Some ten thousand of them: checking each by its model would cost more than reading them.
    return Standing.model_construct(
        key=item.key,
        state=item.state,
        payload=item.payload,
        age=item.age,
        finished=item.finished,
        digests={row.step: row.digest for row in found},
        counts={row.step: row.number for row in found if row.number is not None},
    )
