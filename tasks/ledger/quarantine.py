"""Quarantine: what was given up and why, and another chance."""

from pathlib import Path

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Connection, select, update

from tasks.ledger.database import Ledger
from tasks.ledger.models import FailureKind, State
from tasks.ledger.sessions import session_numbers
from tasks.ledger.tables import items
from tasks.ledger.transitions import AFRESH, take_back
from tasks.models import Model


class Quarantined(Model):
    """An item that was given up."""

    kind: str
    key: str
    payload: dict[str, JsonValue]
    reason_kind: FailureKind
    reason: str
    log: Path | None


class Selection(Model):
    """Some items of a session: those in one of the states, of one of the kinds, with one of the keys."""

    session: str
    states: tuple[State, ...] = ("quarantined",)
    kinds: tuple[str, ...] | None = None
    keys: tuple[str, ...] | None = None


def quarantined(ledger: Ledger, session: str) -> list[Quarantined]:
    """Return what was given up in a session, in order of arrival; raise InputError if there is no such session."""
    return ledger.read(lambda connection: _quarantined(connection, session))


def requeue(ledger: Ledger, selection: Selection, who: str) -> int:
    """Let items wait afresh, their failures forgiven; return their number.

    By default the quarantined ones; done ones too, for instance after a change of parameters: their steps are then
    done again as far as their input has changed. A running one is taken from its owner.
    """
    return ledger.write(lambda connection: _requeue(connection, selection, who))


def _quarantined(connection: Connection, session: str) -> list[Quarantined]:
    chosen = _chosen(connection, Selection(session=session))
    query = select(*(items.c[name] for name in Quarantined.model_fields)).where(*chosen).order_by(items.c.id)
    return [Quarantined.model_validate(row._asdict()) for row in connection.execute(query)]


def _requeue(connection: Connection, selection: Selection, who: str) -> int:
    change = update(items).where(*_chosen(connection, selection)).values(AFRESH | {"attempt": items.c.attempt + 1})
    rows = connection.execute(change.returning(items.c.id, items.c.attempt)).all()
    take_back(connection, [(item, number) for item, number in rows], who, "requeued", "put back to be done again")
    return len(rows)


def _chosen(connection: Connection, selection: Selection) -> list[ColumnElement[bool]]:
    number = session_numbers(connection, {selection.session})[selection.session]
    chosen: list[ColumnElement[bool]] = [items.c.session_id == number, items.c.state.in_(selection.states)]
    chosen += [items.c.kind.in_(selection.kinds)] if selection.kinds is not None else []
    chosen += [items.c.key.in_(selection.keys)] if selection.keys is not None else []
    return chosen
