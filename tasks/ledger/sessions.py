"""Sessions: what items have in common."""

from typing import Any

from sqlalchemy import Row, select, update

from tasks.errors import InputError
from tasks.ledger.database import Ledger, Transaction
from tasks.ledger.models import Session
from tasks.ledger.tables import sessions

_COLUMNS = (sessions.c.name, sessions.c.kind, sessions.c.folder, sessions.c.parameters, sessions.c.identifiers)


def open_session(ledger: Ledger, session: Session) -> Session:
    """Open a session, unless it is open; return it as it is in the ledger.

    The first parameters stay, since an old message may come again; ``set_parameters`` changes them. Raises InputError
    if a session of this name has another kind or folder: the items of two sessions would be mixed.
    """
    return ledger.write(lambda transaction: _open(transaction, session))


def set_parameters(ledger: Ledger, session: Session) -> None:
    """Change how the items of a session are processed and what others call it, from the next claim on."""
    change = update(sessions).where(sessions.c.name == session.name)
    values = {"parameters": session.parameters, "identifiers": session.identifiers}
    if not ledger.write(lambda transaction: transaction.connection.execute(change.values(values)).rowcount):
        raise unknown(session.name)


def find_session(ledger: Ledger, name: str) -> Session:
    """Return a session; raise InputError if it was never opened."""
    found = ledger.read(lambda transaction: _find(transaction, name))
    if found is None:
        raise unknown(name)
    return found


def all_sessions(ledger: Ledger) -> list[Session]:
    """Return the sessions, the newest first."""
    query = select(*_COLUMNS).order_by(sessions.c.id.desc())
    return ledger.read(lambda transaction: [_session(row) for row in transaction.connection.execute(query)])


def session_ids(transaction: Transaction, names: set[str]) -> dict[str, int]:
    """Return the row numbers of sessions by name; raise InputError for one that was never opened."""
    query = select(sessions.c.name, sessions.c.id).where(sessions.c.name.in_(names))
    found = dict(transaction.connection.execute(query).all())
    for name in sorted(names - set(found)):
        raise unknown(name)
    return found


def unknown(name: str) -> InputError:
    """Return the error that there is no such session."""
    return InputError(f"session {name}", "not in the ledger", "a session that was opened")


def _open(transaction: Transaction, session: Session) -> Session:
    values = session.model_dump(mode="json") | {"created": transaction.now}
    transaction.connection.execute(
        transaction.insert(sessions).values(values).on_conflict_do_nothing(index_elements=["name"])
    )
    found = _find(transaction, session.name)
    if found is None or (found.kind, found.folder) != (session.kind, session.folder):
        raise InputError(f"session {session.name}", f"{session.kind} in {session.folder}", f"as it was opened: {found}")
    return found


def _find(transaction: Transaction, name: str) -> Session | None:
    row = transaction.connection.execute(select(*_COLUMNS).where(sessions.c.name == name)).one_or_none()
    return None if row is None else _session(row)


def _session(row: Row[*tuple[Any, ...]]) -> Session:
    return Session.model_validate(row._asdict())
