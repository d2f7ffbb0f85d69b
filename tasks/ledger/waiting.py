"""What waits, so that work can be started that no event has started."""

from collections.abc import Sequence

from pydantic import PositiveInt
from sqlalchemy import bindparam, func, select, true

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
_OPEN = (
    select(func.count())
    .select_from(items.join(sessions))
    .where(sessions.c.name == bindparam("whose"), items.c.kind == bindparam("what"))
    .where((items.c.state == "running") | ((items.c.state == "waiting") & (items.c.not_before <= NOW)))
)
_KEYS = (
    select(items.c.key).join(sessions).where(sessions.c.name == bindparam("whose"), items.c.kind == bindparam("what"))
)
_QUIET = (
    select(NOW - func.max(items.c.arrived))
    .select_from(items.join(sessions))
    .where(sessions.c.name == bindparam("whose"))
)


_LAST = "\U0010ffff"


class Waiting(Model):
    """Items of one kind that could be worked on now."""

    session: str
    kind: str
    items: PositiveInt


def waiting(ledger: Ledger) -> list[Waiting]:
    """Count the items of each session and kind that wait and are due."""
    rows = ledger.read(lambda connection: connection.execute(_READY).all())
    return [Waiting.model_validate(row._asdict()) for row in rows]


def due(ledger: Ledger, session: str, kind: str, keys: Sequence[str]) -> int:
    """Count those of some items that are worked on or could be; not those that wait for another try."""
    query = _OPEN.where(items.c.key.in_(keys))
    found = ledger.read(lambda connection: connection.scalar(query, {"whose": session, "what": kind}))
    return int(found or 0)


def keys_like(ledger: Ledger, session: str, kind: str, beginning: str) -> list[str]:
    """Return the keys of items that begin in some way."""
    # Only of SQLite it is known that texts are sorted by their characters; there an index leads to those alone.
    is_sorted = ledger.engine.dialect.name == "sqlite"
    sorts = items.c.key.between(beginning, f"{beginning}{_LAST}") if is_sorted else true()
    query = _KEYS.where(sorts, items.c.key.startswith(beginning, autoescape=True))
    chosen = {"whose": session, "what": kind}
    return list(ledger.read(lambda connection: connection.scalars(query, chosen).all()))


def quiet(ledger: Ledger, session: str) -> float | None:
    """Return the seconds since the last arrival in a session; None if nothing has arrived."""
    found = ledger.read(lambda connection: connection.scalar(_QUIET, {"whose": session}))
    return None if found is None else float(found)
