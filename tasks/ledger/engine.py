"""Connections to the two databases: an SQLite file for one machine, PostgreSQL for a facility."""

import json
import sqlite3
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from tasks.errors import InputError

READING = "reading"
"""Execution option of a transaction that only reads: on SQLite it does not wait for writers."""

_EXPECTED = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
# Nobody holds the lock of SQLite for longer than milliseconds; a second is a stopped process or a slow disk.
_BUSY = 30_000
# Sorted keys, so that SQLite sees equal documents as equal texts.
_written = partial(json.dumps, sort_keys=True, separators=(",", ":"), allow_nan=False)
_SQLITE_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
# serialization_failure, deadlock_detected, admin_shutdown, crash_shutdown, cannot_connect_now, too_many_connections.
_POSTGRESQL_PASSES = ("40001", "40P01", "57P01", "57P02", "57P03", "53300")


def connect(address: str) -> Engine:
    """Prepare connections to a database; none is made yet. Raises InputError for one that we do not know."""
    try:
        url = make_url(address)
    except ArgumentError as error:
        # Not what was given: it may hold a password.
        raise InputError("ledger", "no URL", _EXPECTED) from error
    match url.get_backend_name():
        case "sqlite":
            return _sqlite(url)
        case "postgresql":
            return _postgresql(url)
        case other:
            raise InputError("ledger", f"a database called {other}", _EXPECTED)


def passes(error: DBAPIError) -> bool:
    """Tell whether an error may pass by itself: the database is away, or somebody was quicker."""
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorname", "").startswith(_SQLITE_BUSY)
    state = getattr(error.orig, "sqlstate", None)
    # psycopg says no state when it could not connect.
    return state in _POSTGRESQL_PASSES or (state is None and type(error.orig).__name__ == "OperationalError")


def _sqlite(url: URL) -> Engine:
    """Make the folder of the file; let writers queue at the start of their transactions."""
    if not url.database or url.database == ":memory:":
        raise InputError("ledger", str(url), "sqlite:///FILE: a ledger in memory would forget")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, json_serializer=_written)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(url.set(drivername="postgresql+psycopg"), json_serializer=_written)
    except ModuleNotFoundError as error:
        raise InputError(
            "ledger", "no psycopg to reach PostgreSQL", "pip install 'cryoem-flows[postgresql]'"
        ) from error


def _prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    """Leave BEGIN to us; set what SQLite forgets with each connection."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_BUSY}")
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise InputError("ledger", f"journal mode {mode}", "a local file system, on which SQLite can use WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    # What has been acknowledged must outlive a power cut, which NORMAL does not promise.
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    """Take the lock of a writer at once: one that comes later may find that its reading is out of date, and fail."""
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
