"""Results: what the steps found, written with the change of the item's state, recalled by the digest of the input."""

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import Connection, Insert, bindparam, select, update

from tasks.ledger.arrivals import write_arrivals
from tasks.ledger.clock import NOW
from tasks.ledger.database import Ledger, insert_into, insert_rows
from tasks.ledger.models import Arrival, Lease, Message, Result
from tasks.ledger.outbox import write_messages
from tasks.ledger.tables import items, sessions
from tasks.ledger.tables import results as table
from tasks.ledger.transitions import BLAMELESS, HELD, UNLEASED, end_attempt, hold, holder, lost

_COLUMNS = tuple(table.c[name] for name in Result.model_fields)
_RECORDED = select(*_COLUMNS).where(table.c.item_id == bindparam("item"))
_FOUND = (
    select(items.c.key, *_COLUMNS)
    .join(items, items.c.id == table.c.item_id)
    .join(sessions, sessions.c.id == items.c.session_id)
    .where(sessions.c.name == bindparam("session"), table.c.step == bindparam("step"))
    .order_by(items.c.id)
)
_FOUND_AND_DONE = _FOUND.where(items.c.state == "done")
_OF_KEYS = (
    select(items.c.key, *_COLUMNS)
    .join(items, items.c.id == table.c.item_id)
    .join(sessions, sessions.c.id == items.c.session_id)
    .where(sessions.c.name == bindparam("session"), items.c.kind == bindparam("of_kind"))
    .where(items.c.key.in_(bindparam("keys", expanding=True)))
)
_IDLE = (
    select(items.c.id, items.c.key)
    .join(sessions, sessions.c.id == items.c.session_id)
    .where(sessions.c.name == bindparam("whose"), items.c.kind == bindparam("of_kind"))
    .where(items.c.state.in_(("done", "quarantined")), items.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(items.c.id)
    .with_for_update(of=items)
)
_FINISH = update(items).where(HELD).values(UNLEASED | BLAMELESS | {"state": "done", "finished": NOW})
_FINISHED = select(items.c.id).where(
    items.c.id == bindparam("held_item"), items.c.attempt == bindparam("held_attempt"), items.c.state == "done"
)


def finish(
    ledger: Ledger,
    lease: Lease,
    results: Sequence[Result] = (),
    messages: Sequence[Message] = (),
    arrivals: Sequence[Arrival] = (),
) -> None:
    """Record that an item is done, what was found, what others must be told and what comes next: all or nothing.

    Raises LeaseLostError, with nothing written, if the item has changed hands. A lease that has run out but whose item
    nobody has taken still counts: its work is done. Finishing twice under one lease is finishing once.
    """

    def work(connection: Connection) -> None:
        if _finish(connection, lease):
            write_results(connection, lease, results)
            write_messages(connection, messages)
            write_arrivals(connection, arrivals)

    ledger.write(work)


def record(ledger: Ledger, lease: Lease, result: Result) -> None:
    """Record what one step found for an item that is still being worked on. Raises LeaseLostError if it is lost."""

    def work(connection: Connection) -> None:
        hold(connection, lease)
        write_results(connection, lease, [result])

    ledger.write(work)


def recorded(ledger: Ledger, lease: Lease) -> dict[str, Result]:
    """Return all that steps have found for an item, by step: one look instead of one for each step."""
    rows = ledger.read(lambda connection: connection.execute(_RECORDED, {"item": lease.item}).all())
    return {row.step: Result.model_validate(row._asdict()) for row in rows}


def recall(ledger: Ledger, lease: Lease, step: str, digest: str) -> Result | None:
    """Return what a step found for an item from the same input, or None if the step is to be done (again)."""
    result = recorded(ledger, lease).get(step)
    return result if result and result.digest == digest else None


def found(ledger: Ledger, session: str, step: str, *, done: bool = False) -> list[tuple[str, Result]]:
    """Return what a step found in a session, with the keys of the items in order of arrival, for files and reports.

    With ``done``, of items only that are not waiting to be done again.
    """
    chosen, query = {"session": session, "step": step}, _FOUND_AND_DONE if done else _FOUND
    rows = ledger.read(lambda connection: connection.execute(query, chosen).all())
    return [(key, Result.model_validate(dict(zip(Result.model_fields, values, strict=True)))) for key, *values in rows]


def results_of(ledger: Ledger, session: str, kind: str, keys: Sequence[str]) -> dict[str, dict[str, Result]]:
    """Return what the steps found for some items, by key and step."""
    chosen = {"session": session, "of_kind": kind, "keys": keys}
    rows = ledger.read(lambda connection: connection.execute(_OF_KEYS, chosen).all())
    by_key: dict[str, dict[str, Result]] = {}
    for key, *values in rows:
        result = Result.model_validate(dict(zip(Result.model_fields, values, strict=True)))
        by_key.setdefault(key, {})[result.step] = result
    return by_key


def supplement(ledger: Ledger, session: str, kind: str, results: Mapping[str, Sequence[Result]]) -> None:
    """Write what was found by the way for items on which nobody works, by their keys; others are left alone."""

    def work(connection: Connection) -> None:
        chosen = {"whose": session, "of_kind": kind, "keys": list(results)}
        rows = connection.execute(_IDLE, chosen).all()
        values = [{"item_id": row.id} | result.model_dump(mode="json") for row in rows for result in results[row.key]]
        if values:
            insert_rows(connection, _upsert(connection.dialect.name), values)

    ledger.write(work)


def write_results(connection: Connection, lease: Lease, results: Sequence[Result]) -> None:
    """Write what steps found, in place of what they found before."""
    latest = {result.step: result for result in results}
    rows = [{"item_id": lease.item} | result.model_dump(mode="json") for result in latest.values()]
    if rows:
        insert_rows(connection, _upsert(connection.dialect.name), rows)


@cache
def _upsert(dialect: str) -> Insert:
    insert = insert_into(dialect, table).values(recorded=NOW)
    again = {name: insert.excluded[name] for name in (*Result.model_fields, "recorded")}
    return insert.on_conflict_do_update(index_elements=["item_id", "step"], set_=again)


def _finish(connection: Connection, lease: Lease) -> bool:
    """Mark an item as done; tell whether it was not yet done under this lease."""
    if connection.execute(_FINISH, holder(lease)).rowcount:
        end_attempt(connection, lease, "done")
        return True
    if connection.scalar(_FINISHED, holder(lease)) is None:
        raise lost(lease)
    return False
