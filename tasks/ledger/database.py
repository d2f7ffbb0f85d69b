"""The ledger as a database: open it, and read and write it in transactions that are tried again while it is away."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Table, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from tasks.ledger import schema
from tasks.ledger.clock import DatabaseClock
from tasks.ledger.engine import READING, connect, passes
from tasks.ledger.errors import LedgerError

T = TypeVar("T")

_FIRST_WAIT = 0.1
_LONGEST_WAIT = 5.0


@dataclass(frozen=True)
class Transaction:
    """What a verb works in: all of it happens, or nothing."""

    connection: Connection
    now: ColumnElement[float]
    """The time, as an expression."""

    def insert(self, table: Table) -> postgresql.Insert | sqlite.Insert:
        """Insert into a table, in the words of this database for conflicts."""
        return postgresql.insert(table) if self.connection.dialect.name == "postgresql" else sqlite.insert(table)


@dataclass(frozen=True)
class Ledger:
    """A ledger that is open. It may be shared by threads, not by processes: each opens its own."""

    engine: Engine
    now: ColumnElement[float]
    patience: float
    """Seconds for which a verb is tried again while the database is away."""

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Do work in one transaction.

        If the database goes away, the work is done again, perhaps after it was committed without our knowing: the work
        of every verb is such that this changes nothing, or leaves a lease that runs out.
        """
        return self._patiently(self.engine, work)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Read in one transaction, without waiting for writers."""
        return self._patiently(self.engine.execution_options(**{READING: True}), work)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def _patiently(self, engine: Engine, work: Callable[[Transaction], T]) -> T:
        until = time.monotonic() + self.patience
        wait = _FIRST_WAIT
        while True:
            try:
                with engine.begin() as connection:
                    return work(Transaction(connection, self.now))
            except DBAPIError as error:
                if not passes(error):
                    raise
                if time.monotonic() + wait > until:
                    raise LedgerError(f"{self} did not answer for {self.patience:g} s: {error.orig}") from error
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)

    def __str__(self) -> str:
        return f"the ledger at {self.engine.url.render_as_string(hide_password=True)}"


def open_ledger(url: str, *, now: ColumnElement[float] | None = None, patience: float = 60.0) -> Ledger:
    """Open the ledger at a URL, making or migrating its tables if need be.

    ``now`` is the time as an SQL expression: the database's own clock unless given.
    """
    ledger = Ledger(connect(make_url(url)), DatabaseClock() if now is None else now, patience)
    if ledger.read(lambda transaction: schema.revision(transaction.connection)) != schema.NEWEST:
        ledger.write(lambda transaction: schema.upgrade(transaction.connection))
    return ledger
