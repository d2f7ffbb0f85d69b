"""What the ledger keeps of one item: how it stands, what was found of it, and who asked for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from pydantic import JsonValue, NonNegativeInt
from sqlalchemy import bindparam, func, select

from flows.murfey.asked import request_in, requests_of_item
from tasks.ledger import Ledger, Result, Session, State, requests_for, results_of
from tasks.ledger.tables import attempts, items, sessions
from tasks.models import Model
from tasks.murfey import MurfeyRequest, Request

Found = TypeVar("Found", bound=Model)
Wanted = TypeVar("Wanted", bound=Request)
Results = Mapping[str, Result]

_STANDING = (
    select(items.c.key, items.c.state, items.c.payload, items.c.reason, items.c.log)
    .add_columns(func.min(attempts.c.started).label("started"), func.max(attempts.c.ended).label("ended"))
    .add_columns(func.count(attempts.c.number).label("attempts"))
    .join(sessions, sessions.c.id == items.c.session_id)
    .outerjoin(attempts, attempts.c.item_id == items.c.id)
    .where(sessions.c.name == bindparam("session"), items.c.kind == bindparam("of_kind"))
    .where(items.c.key.in_(bindparam("keys", expanding=True)))
    .group_by(items.c.id)
    .order_by(items.c.id)
)


class Item(Model):
    """How an item stands."""

    key: str
    state: State
    payload: dict[str, JsonValue]
    reason: str | None
    """Why its last failure was one."""
    log: str | None
    started: float | None
    """When its first attempt began, in seconds since 1970; None before that."""
    ended: float | None
    """When its last attempt ended."""
    attempts: NonNegativeInt
    """How often it has changed hands."""


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


def latest(item: Kept, recipe: type[Wanted], step: str) -> Kept:
    """Return what the same programs asked for last and in which a step is done: its rows take the place of others."""
    programs = {request.autoproc_program_id for request in item.asked(recipe)}
    for asked in reversed(requests_for(item.ledger, item.session.name, recipe.recipe)):
        if request_in(asked).autoproc_program_id in programs:
            other = kept(item.ledger, item.session, asked.kind, asked.item)
            if other and step in other.results:
                return other
    return item


def standing_of(ledger: Ledger, session: str, kind: str, keys: Iterable[str]) -> dict[str, Item]:
    """Return how some items stand, by their keys."""
    chosen = {"session": session, "of_kind": kind, "keys": list(keys)}
    rows = ledger.read(lambda connection: connection.execute(_STANDING, chosen).all())
    return {row.key: Item.model_validate(row._asdict()) for row in rows}


def recorded(kind: type[Found], results: Results, step: str) -> Found | None:
    """Return what a step found, if it has been done."""
    return kind.model_validate(results[step].result) if step in results else None
