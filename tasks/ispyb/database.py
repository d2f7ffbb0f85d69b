"""ISPyB as a database that we write: each delivery is one transaction."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event

from tasks.ispyb.codes import AT_ONCE, speaking_of
from tasks.ispyb.columns import Schema, read_schema
from tasks.ispyb.credentials import Credentials, read_credentials
from tasks.ispyb.delivery import Delivery
from tasks.ispyb.errors import Away
from tasks.ispyb.locking import give_back, lock_movies, lock_programs
from tasks.ispyb.rows import Row, in_order
from tasks.ispyb.status import Status, write_status
from tasks.ispyb.writing import Writer

T = TypeVar("T")

_TRIES = 3
_FRESH = 600.0
"""Seconds after which the columns are read again: a facility may have a new release of ISPyB meanwhile."""

# The first setting makes an error of every value that would be damaged, whatever the server's default.
_SESSION = "SET SESSION sql_mode = 'STRICT_ALL_TABLES', innodb_lock_wait_timeout = 20"
_DRIVER: dict[str, Any] = {
    # The driver in C has its own connection errors, and can be missing.
    "use_pure": True,
    # The driver's own choice is unknown to MariaDB, which then takes its default: letters beyond ASCII are damaged.
    "charset": "utf8mb4",
    "collation": "utf8mb4_general_ci",
    "connection_timeout": 10,
    # Longer than waiting for a lock: who does not answer within this is away.
    "read_timeout": 60,
    "write_timeout": 60,
}


class Database:
    """An ISPyB that may be written. It may be shared by threads, not by processes: each opens its own.

    Every verb raises Away if ISPyB cannot be written now, and Rejected if it will not take what it is given; then
    nothing has changed. Every verb may be repeated: what is there already is found.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._schema: Schema | None = None
        self._read_at = 0.0
        self._missed: set[str] = set()

    def write(self, rows: Sequence[Row]) -> dict[str, int]:
        """Insert or update rows in one transaction; return their ids by name (rows of link tables have none)."""
        return self.write_together([rows])[0]

    def write_together(self, deliveries: Sequence[Sequence[Row]]) -> list[dict[str, int]]:
        """Write several deliveries in one transaction, which is faster; return the ids of each."""
        ordered = [in_order(rows) for rows in deliveries]
        if not any(ordered):
            return [{} for _ in ordered]
        return self._patiently(lambda connection: self._write(connection, ordered))

    def find(self, rows: Sequence[Row]) -> dict[str, int]:
        """Return the ids of those rows that are in ISPyB, without writing; a row whose parent is missing is missing."""
        ordered = in_order(rows)
        return self._patiently(lambda connection: self._find(connection, ordered))

    def set_status(self, status: Status) -> bool:
        """Set the state of a program; return whether it was another."""
        return self._patiently(lambda connection: self._set_status(connection, status))

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def __str__(self) -> str:
        return f"ISPyB at {self.engine.url.render_as_string(hide_password=True)}"

    def _write(self, connection: Connection, ordered: Sequence[Sequence[Row]]) -> list[dict[str, int]]:
        """Look and write under locks. Nothing may be read before they are ours: it would be out of date."""
        writer = Writer(connection, self._known(connection))
        rows = [row for delivery in ordered for row in delivery]
        locks = lock_movies(connection, rows)
        lock_programs(connection, [row.program for row in rows if row.program])
        deliveries = [Delivery(delivery) for delivery in ordered]
        writer.write(deliveries)
        connection.commit()
        give_back(connection, locks)
        return [delivery.ids for delivery in deliveries]

    def _find(self, connection: Connection, rows: Sequence[Row]) -> dict[str, int]:
        delivery = Delivery(rows)
        Writer(connection, self._known(connection)).look_up(delivery)
        return delivery.ids

    def _set_status(self, connection: Connection, status: Status) -> bool:
        schema = self._known(connection)
        lock_programs(connection, [status.program])
        changed = write_status(connection, schema, status)
        connection.commit()
        return changed

    def _known(self, connection: Connection) -> Schema:
        """Return which columns there are, read a moment ago."""
        if self._schema is None or time.monotonic() > self._read_at + _FRESH:
            self._schema = read_schema(connection, self._missed)
            self._read_at = time.monotonic()
            connection.rollback()
        return self._schema

    def _patiently(self, work: Callable[[Connection], T]) -> T:
        """Do the work in a transaction, again if somebody was quicker."""
        for _ in range(_TRIES - 1):
            try:
                return self._once(work)
            except Away as error:
                # A server that comes back may be another.
                self._schema = None
                if error.code not in AT_ONCE:
                    raise
        return self._once(work)

    def _once(self, work: Callable[[Connection], T]) -> T:
        with speaking_of(), self.engine.connect() as connection:
            try:
                return work(connection)
            except BaseException:
                # With the connection go the transaction and all locks, whatever state it is in.
                connection.invalidate()
                raise


def open_ispyb(credentials: Path) -> Database:
    """Prepare to write the ISPyB that a file of credentials names; no connection is made yet."""
    return Database(_engine(read_credentials(credentials)))


def _engine(credentials: Credentials) -> Engine:
    engine = create_engine(
        credentials.url,
        connect_args=_DRIVER | credentials.certificates,
        # A connection that the server has dropped meanwhile is replaced unseen.
        pool_pre_ping=True,
        pool_recycle=250,
        # Errors of SQLAlchemy would show whole rows.
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _entry: object) -> None:  # noqa: ANN401 - the driver's
    cursor = connection.cursor()
    cursor.execute(_SESSION)
    cursor.close()
