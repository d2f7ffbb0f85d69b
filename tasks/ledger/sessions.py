"""Sessions: what items have in common."""

from functools import cache
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection, Insert, Row, bindparam, select, update

from tasks.errors import InputError
from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger, insert_into, insert_rows
from tasks.ledger.models import Session
from tasks.ledger.tables import sessions

_SESSIONS = select(*(sessions.c[name] for name in Session.model_fields))
_BY_NAME = _SESSIONS.where(sessions.c.name == bindparam("name"))
_NUMBERS = select(sessions.c.name, sessions.c.id).where(sessions.c.name.in_(bindparam("names", expanding=True)))


def open_session(ledger: Ledger, session: Session) -> Session:
    """Open a session, unless it is open; return it as it is in the ledger.

    The first parameters stay, since an old message may come again; ``set_parameters`` changes them. Raises InputError
    if a session of this name has another kind or folder: the items of two sessions would be mixed.
    """
    return ledger.write(lambda connection: write_session(connection, session))


def set_parameters(ledger: Ledger, session: Session) -> None:
    """Change how the items of a session are processed and what others call it, from the next claim on."""
    values = {"parameters": session.parameters, "identifiers": session.identifiers}
    change = update(sessions).where(sessions.c.name == session.name).values(values)
    if not ledger.write(lambda connection: connection.execute(change).rowcount):
        raise _unknown(session.name)


def find_session(ledger: Ledger, name: str) -> Session:
    """Return a session; raise InputError if it was never opened."""
    found = ledger.read(lambda connection: _find(connection, name))
    if found is None:
        raise _unknown(name)
    return found


def all_sessions(ledger: Ledger) -> list[Session]:
    """Return the sessions, the newest first."""
    query = _SESSIONS.order_by(sessions.c.id.desc())
    return ledger.read(lambda connection: [_session(row) for row in connection.execute(query)])


def session_numbers(connection: Connection, names: set[str]) -> dict[str, int]:
    """Return the row numbers of sessions by name; raise InputError for one that was never opened."""
    rows = connection.execute(_NUMBERS, {"names": sorted(names)}).all()
    found: dict[str, int] = {row.name: row.id for row in rows}
    for name in sorted(names - set(found)):
        raise _unknown(name)
    return found


def write_session(connection: Connection, session: Session) -> Session:
    """Do the work of ``open_session`` within a transaction."""
    insert_rows(connection, _insert(connection.dialect.name), [session.model_dump(mode="json")])
    found = _find(connection, session.name)
    if found is None or (found.kind, found.folder) != (session.kind, session.folder):
        raise InputError(f"session {session.name}", f"{session.kind} in {session.folder}", f"as it was opened: {found}")
    return found


def add_identifiers(connection: Connection, session: Session) -> None:
    """Add what others call a session, as far as that was not known; what was known stays."""
    found = _find(connection, session.name)
    if found and (known := _added(found.identifiers, session.identifiers)) != found.identifiers:
        change = update(sessions).where(sessions.c.name == session.name).values(identifiers=known)
        connection.execute(change)


def _added(known: dict[str, JsonValue], new: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what is known with what is new, in groups, too."""
    both = dict(known)
    for name, value in new.items():
        there = both.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            both[name] = _added(there, value)
        elif there is None:
            both[name] = value
    return both


@cache
def _insert(dialect: str) -> Insert:
    return insert_into(dialect, sessions).values(created=NOW).on_conflict_do_nothing(index_elements=["name"])


def _find(connection: Connection, name: str) -> Session | None:
    row = connection.execute(_BY_NAME, {"name": name}).one_or_none()
    return None if row is None else _session(row)


def _session(row: Row[Any]) -> Session:
    return Session.model_validate(row._asdict())


def _unknown(name: str) -> InputError:
    return InputError(f"session {name}", "not in the ledger", "a session that was opened")
