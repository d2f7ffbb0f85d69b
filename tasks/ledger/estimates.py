"""Estimates: what the items of a session agree on, settled by the first who tells and then the same for all."""

from functools import cache

from sqlalchemy import Connection, Executable, bindparam, delete, select

from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger, insert_into
from tasks.ledger.sessions import session_numbers
from tasks.ledger.tables import estimates, items, sessions
from tasks.models import Estimate

_OF_SESSION = (
    select(estimates.c.estimate)
    .join(sessions, sessions.c.id == estimates.c.session_id)
    .where(sessions.c.name == bindparam("whose"))
    .order_by(estimates.c.name)
)
_BEGUN = (
    select(items.c.key)
    .join(sessions, sessions.c.id == items.c.session_id)
    .where(sessions.c.name == bindparam("whose"), items.c.kind == bindparam("of_kind"))
    .where(items.c.first_claimed.is_not(None))
    .order_by(items.c.id)
)


def freeze(ledger: Ledger, session: str, estimate: Estimate) -> Estimate:
    """Settle an estimate of a session, unless it is settled; return what is settled."""

    def work(connection: Connection) -> Estimate:
        number = session_numbers(connection, {session})[session]
        row = {"session_id": number, "name": estimate.name, "estimate": estimate.model_dump(mode="json")}
        connection.execute(_insert(connection.dialect.name), [row])
        return next(known for known in _read(connection, session) if known.name == estimate.name)

    return ledger.write(work)


def frozen(ledger: Ledger, session: str) -> dict[str, Estimate]:
    """Return what is settled of a session, by name."""
    return {known.name: known for known in ledger.read(lambda connection: _read(connection, session))}


def thaw(ledger: Ledger, session: str) -> int:
    """Forget what is settled of a session, so that it is estimated again; return how much that was."""

    def work(connection: Connection) -> int:
        number = session_numbers(connection, {session})[session]
        return connection.execute(delete(estimates).where(estimates.c.session_id == number)).rowcount

    return ledger.write(work)


def begun_items(ledger: Ledger, session: str, kind: str) -> list[str]:
    """Return the keys of the items of a kind on which somebody has worked, in order of arrival."""
    rows = ledger.read(lambda connection: connection.execute(_BEGUN, {"whose": session, "of_kind": kind}).all())
    return [row.key for row in rows]


def _read(connection: Connection, session: str) -> list[Estimate]:
    return [Estimate.model_validate(row.estimate) for row in connection.execute(_OF_SESSION, {"whose": session})]


@cache
def _insert(dialect: str) -> Executable:
    return (
        insert_into(dialect, estimates).values(frozen=NOW).on_conflict_do_nothing(index_elements=["session_id", "name"])
    )
