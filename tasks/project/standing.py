"""How the items of a session stand, as little of it as tells whether there is news of them."""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import JsonValue
from sqlalchemy import bindparam, select

from tasks.ledger import Ledger
from tasks.ledger.tables import items, sessions


class Item(NamedTuple):
    """How an item stands."""

    key: str
    state: str
    attempt: int
    reason: str | None

    @property
    def stamp(self) -> str:
        """Text that changes when something else may have been found; nothing, as long as nothing can have been."""
        is_new = (self.state, self.attempt) in {("waiting", 0), ("running", 1)}
        return "" if is_new else f"{self.attempt}{self.state[0]}"

    @property
    def failure(self) -> str:
        """Why nothing more will be found."""
        return (self.reason or "given up") if self.state == "quarantined" else ""


_ITEMS = (
    select(*(items.c[name] for name in Item._fields))
    .join(sessions, sessions.c.id == items.c.session_id)
    .where(sessions.c.name == bindparam("session"), items.c.kind == bindparam("of_kind"))
    .order_by(items.c.id)
)
_PAYLOADS = (
    select(items.c.key, items.c.payload)
    .join(sessions, sessions.c.id == items.c.session_id)
    .where(sessions.c.name == bindparam("session"), items.c.kind == bindparam("of_kind"))
)


def items_of(ledger: Ledger, session: str, kind: str) -> dict[str, Item]:
    """Return the items of a kind by their keys, in order of arrival."""
    rows = _rows(ledger, session, kind)
    return {row[0]: Item(*row) for row in rows}


def payloads_of(ledger: Ledger, session: str, kind: str) -> dict[str, dict[str, JsonValue]]:
    """Return what is needed to do the items of a kind, by their keys."""
    chosen = {"session": session, "of_kind": kind}
    return dict(ledger.read(lambda connection: [tuple(row) for row in connection.execute(_PAYLOADS, chosen)]))


def _rows(ledger: Ledger, session: str, kind: str) -> Sequence[tuple[str, str, int, str | None]]:
    chosen = {"session": session, "of_kind": kind}
    return ledger.read(lambda connection: [tuple(row) for row in connection.execute(_ITEMS, chosen)])
