"""Quarantine: what was given up and why, and another chance."""

from pathlib import Path

from pydantic import JsonValue
from sqlalchemy import ColumnElement, select, update

from tasks.ledger.database import Ledger, Transaction
from tasks.ledger.models import FailureKind, State
from tasks.ledger.sessions import session_ids
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
    return ledger.read(lambda transaction: _quarantined(transaction, session))


def requeue(ledger: Ledger, selection: Selection, who: str) -> int:
    """Let items wait afresh, their failures forgiven; return their number.

    By default the quarantined ones; done ones too, for instance after a change of parameters: their steps are then
    done again as far as their input has changed. A running one is taken from its owner.
    """
    return ledger.write(lambda transaction: _requeue(transaction, selection, who))


def _quarantined(transaction: Transaction, session: str) -> list[Quarantined]:
    chosen = _chosen(transaction, Selection(session=session))
    query = select(*(items.c[name] for name in Quarantined.model_fields)).where(*chosen).order_by(items.c.id)
    return [Quarantined.model_validate(row._asdict()) for row in transaction.connection.execute(query)]


def _requeue(transaction: Transaction, selection: Selection, who: str) -> int:
    change = update(items).where(*_chosen(transaction, selection)).values(AFRESH | {"attempt": items.c.attempt + 1})
    rows = transaction.connection.execute(change.returning(items.c.id, items.c.attempt)).all()
    take_back(transaction, rows, who, "requeued", "put back to be done again")
    return len(rows)


def _chosen(transaction: Transaction, selection: Selection) -> list[ColumnElement[bool]]:
    number = session_ids(transaction, {selection.session})[selection.session]
    chosen: list[ColumnElement[bool]] = [items.c.session_id == number, items.c.state.in_(selection.states)]
    chosen += [items.c.kind.in_(selection.kinds)] if selection.kinds is not None else []
    chosen += [items.c.key.in_(selection.keys)] if selection.keys is not None else []
    return chosen
