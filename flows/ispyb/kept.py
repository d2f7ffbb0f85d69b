"""What the ledger keeps of one item: how it stands, what was found of it, and who asked for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from pydantic import JsonValue
from sqlalchemy import bindparam, select

from flows.murfey.asked import requests_of_item
from tasks.ledger import Ledger, Result, Session, State, results_of
from tasks.ledger.tables import items, sessions
from tasks.models import Model
from tasks.murfey import MurfeyRequest, Request

Found = TypeVar("Found", bound=Model)
Wanted = TypeVar("Wanted", bound=Request)
Results = Mapping[str, Result]

_STANDING = (
    select(items.c.key, items.c.state, items.c.attempt, items.c.payload, items.c.reason, items.c.log)
    .join(sessions, sessions.c.id == items.c.session_id)
    .where(sessions.c.name == bindparam("session"), items.c.kind == bindparam("of_kind"))
    .where(items.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(items.c.id)
)


class Item(Model):
    """How an item stands."""

    key: str
    state: State
    attempt: int
    payload: dict[str, JsonValue]
    reason: str | None
    """Why its last failure was one."""
    log: str | None


@dataclass(frozen=True)
class Kept:
    """What the ledger keeps of an item, read when it is needed."""

    ledger: Ledger
    session: Session
    kind: str
    item: Item

    @cached_property
    def results(self) -> Results:
        """What its steps found."""
        return results_of(self.ledger, self.session.name, self.kind, [self.item.key]).get(self.item.key, {})

    @cached_property
    def requests(self) -> list[MurfeyRequest]:
        """Who asked for it, in order of receipt."""
        return requests_of_item(self.ledger, self.session.name, self.kind, self.item.key)

    def asked(self, kind: type[Wanted]) -> list[Wanted]:
        """Return those who asked for it with one recipe."""
        return [request for request in self.requests if isinstance(request, kind)]


def kept(ledger: Ledger, session: Session, kind: str, key: str) -> Kept | None:
    """Return what is kept of an item; None if there is no such item."""
    item = standing_of(ledger, session.name, kind, [key]).get(key)
    return Kept(ledger, session, kind, item) if item else None


def standing_of(ledger: Ledger, session: str, kind: str, keys: Iterable[str]) -> dict[str, Item]:
    """Return how some items stand, by their keys."""
    chosen = {"session": session, "of_kind": kind, "keys": list(keys)}
    rows = ledger.read(lambda connection: connection.execute(_STANDING, chosen).all())
    return {row.key: Item.model_validate(row._asdict()) for row in rows}


def recorded(kind: type[Found], results: Results, step: str) -> Found | None:
    """Return what a step found, if it has been done."""
    return kind.model_validate(results[step].result) if step in results else None
