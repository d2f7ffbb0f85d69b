"""Results: what the steps found, written with the change of the item's state, recalled by the digest of the input."""

from collections.abc import Sequence

from sqlalchemy import select, update

from tasks.ledger.arrivals import write_arrivals
from tasks.ledger.database import Ledger, Transaction
from tasks.ledger.models import Arrival, Lease, Message, Result
from tasks.ledger.outbox import write_messages
from tasks.ledger.tables import items, sessions
from tasks.ledger.tables import results as table
from tasks.ledger.transitions import BLAMELESS, UNLEASED, end_attempt, held, hold, lost

_COLUMNS = tuple(table.c[name] for name in Result.model_fields)


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

    def work(transaction: Transaction) -> None:
        if _done(transaction, lease):
            write_results(transaction, lease, results)
            write_messages(transaction, messages)
            write_arrivals(transaction, arrivals)

    ledger.write(work)


def record(ledger: Ledger, lease: Lease, result: Result) -> None:
    """Record what one step found for an item that is still being worked on. Raises LeaseLostError if it is lost."""

    def work(transaction: Transaction) -> None:
        hold(transaction, lease)
        write_results(transaction, lease, [result])

    ledger.write(work)


def recorded(ledger: Ledger, lease: Lease) -> dict[str, Result]:
    """Return all that steps have found for an item, by step: one look instead of one for each step."""
    query = select(*_COLUMNS).where(table.c.item_id == lease.item)
    rows = ledger.read(lambda transaction: transaction.connection.execute(query).all())
    return {row.step: Result.model_validate(row._asdict()) for row in rows}


def recall(ledger: Ledger, lease: Lease, step: str, digest: str) -> Result | None:
    """Return what a step found for an item from the same input, or None if the step is to be done (again)."""
    query = select(*_COLUMNS).where(table.c.item_id == lease.item, table.c.step == step, table.c.digest == digest)
    row = ledger.read(lambda transaction: transaction.connection.execute(query).one_or_none())
    return None if row is None else Result.model_validate(row._asdict())


def found(ledger: Ledger, session: str, step: str) -> list[tuple[str, Result]]:
    """Return what a step found in a session, with the keys of the items in order of arrival, for files and reports."""
    query = (
        select(items.c.key, *_COLUMNS)
        .join(items, items.c.id == table.c.item_id)
        .join(sessions, sessions.c.id == items.c.session_id)
        .where(sessions.c.name == session, table.c.step == step)
        .order_by(items.c.id)
    )
    rows = ledger.read(lambda transaction: transaction.connection.execute(query).all())
    return [(key, Result.model_validate(dict(zip(Result.model_fields, values, strict=True)))) for key, *values in rows]


def write_results(transaction: Transaction, lease: Lease, results: Sequence[Result]) -> None:
    """Write what steps found, in place of what they found before."""
    latest = {result.step: result for result in results}
    if latest:
        insert = transaction.insert(table).values(item_id=lease.item, recorded=transaction.now)
        again = {name: insert.excluded[name] for name in (*Result.model_fields, "recorded")}
        statement = insert.on_conflict_do_update(index_elements=["item_id", "step"], set_=again)
        transaction.connection.execute(statement, [result.model_dump(mode="json") for result in latest.values()])


def _done(transaction: Transaction, lease: Lease) -> bool:
    """Mark an item as done; tell whether it was not yet done under this lease."""
    values = UNLEASED | BLAMELESS | {"state": "done", "finished": transaction.now}
    if transaction.connection.execute(update(items).where(held(lease)).values(values)).rowcount:
        end_attempt(transaction, lease, "done")
        return True
    this = (items.c.id == lease.item, items.c.attempt == lease.attempt, items.c.state == "done")
    if transaction.connection.scalar(select(items.c.id).where(*this)) is None:
        raise lost(lease)
    return False
