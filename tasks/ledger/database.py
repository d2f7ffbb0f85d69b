"""The ledger as a database: open it, and read and write it in transactions that are tried again while it is away.

Statements are made once, when a module is imported: making one costs more than executing it.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Dialect, Engine, Executable, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import Compiled
from sqlalchemy.exc import DBAPIError

from tasks.ledger import schema
from tasks.ledger.engine import READING, connect, passes
from tasks.ledger.errors import LedgerError

T = TypeVar("T")

_FIRST_WAIT = 0.1
_LONGEST_WAIT = 5.0


@dataclass(frozen=True)
class Ledger:
    """A ledger that is open. It may be shared by threads, not by processes: each opens its own."""

    engine: Engine
    patience: float
    """Seconds for which a verb is tried again while the database is away."""

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do work in one transaction.

        If the database goes away, the work is done again, perhaps after it was committed without our knowing: the work
        of every verb is such that this changes nothing, or leaves a lease that runs out.
        """
        return self._patiently(self.engine, work)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Read in one transaction, without waiting for writers."""
        return self._patiently(self.engine.execution_options(**{READING: True}), work)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def _patiently(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        until = time.monotonic() + self.patience
        wait = _FIRST_WAIT
        while True:
            try:
                with engine.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if not passes(error):
                    raise
                if time.monotonic() + wait > until:
                    raise LedgerError(f"{self} did not answer for {self.patience:g} s: {error.orig}") from error
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)

    def __str__(self) -> str:
        return f"the ledger at {self.engine.url.render_as_string(hide_password=True)}"


def open_ledger(url: str, *, patience: float = 60.0) -> Ledger:
    """Open the ledger at a URL, making or migrating its tables if need be."""
    ledger = Ledger(connect(url), patience)
    try:
        if ledger.read(schema.revision) != schema.NEWEST:
            ledger.write(schema.upgrade)
    except BaseException:
        ledger.close()
        raise
    return ledger


def insert_into(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Insert into a table, in the words of a database for conflicts."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def insert_rows(connection: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> CursorResult[Any]:
    """Execute an insert for rows, of which there is at least one.

    SQLAlchemy keeps no statement that says what to do in a conflict, and compiling one costs more than executing it.
    """
    compiled = _compiled(connection.dialect, statement, tuple(rows[0]), many=len(rows) > 1)
    return connection.execute(cast("Executable", compiled), rows)


@lru_cache
def _compiled(dialect: Dialect, statement: Insert, names: tuple[str, ...], *, many: bool) -> Compiled:
    return statement.compile(dialect=dialect, column_keys=list(names), for_executemany=many)
