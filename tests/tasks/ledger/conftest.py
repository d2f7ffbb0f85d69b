"""Every test that asks for a ledger runs on SQLite and on a real PostgreSQL."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from postgresql_server import Database
from sqlalchemy import Connection, event, text

from tasks.ledger import Claimer, Ledger, Session, open_ledger, open_session
from tasks.ledger.tables import metadata

# The functions that stand before the database's own in the path of a test's connections.
CLOCK = """
CREATE SCHEMA clock;
CREATE TABLE clock.setting (time double precision);
INSERT INTO clock.setting VALUES (2000000000);
CREATE FUNCTION clock.statement_timestamp() RETURNS timestamptz STABLE LANGUAGE sql
    AS 'SELECT to_timestamp(time) FROM clock.setting';
"""
PATH = "options=-csearch_path%3Dclock,pg_catalog"


class Clock:
    """The clock of the database, which the test sets; it begins in 2033."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.time = 2_000_000_000.0
        if ledger.engine.dialect.name == "sqlite":
            ledger.close()
            event.listen(ledger.engine, "connect", self._give)

    def advance(self, seconds: float) -> None:
        self.time += seconds
        if self.ledger.engine.dialect.name == "postgresql":
            change = text("UPDATE clock.setting SET time = :time").bindparams(time=self.time)
            self.ledger.write(lambda connection: connection.execute(change))

    def _give(self, connection: sqlite3.Connection, _entry: object) -> None:
        connection.create_function("julianday", 1, lambda _: self.time / 86400 + 2440587.5)


@pytest.fixture(scope="session")
def ready_postgresql(empty_postgresql: Database) -> str:
    """A database with the tables of the ledger and a clock that can be set."""
    url = empty_postgresql()
    with psycopg.connect(url) as connection:
        connection.execute(CLOCK)
    url = f"{url}&{PATH}"
    open_ledger(url).close()
    return url


@pytest.fixture(scope="session")
def ready_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the tables of the ledger, to be copied."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    open_ledger(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'folder' / 'ledger.db'}"
    return request.getfixturevalue("empty_postgresql")()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with the tables of the ledger."""
    if request.param == "postgresql":
        return request.getfixturevalue("ready_postgresql")
    shutil.copy(request.getfixturevalue("ready_sqlite"), tmp_path / "ledger.db")
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """A ledger with the session "grid"."""
    ledger = open_ledger(url, patience=5)
    ledger.write(forget)
    open_session(ledger, Session(name="grid", kind="tomography", folder=Path("/data/grid")))
    yield ledger
    ledger.close()


@pytest.fixture
def ledger_by_its_own_clock(empty_url: str) -> Iterator[Ledger]:
    """A ledger with the session "grid", for other processes and servers that end."""
    ledger = open_ledger(empty_url)
    open_session(ledger, Session(name="grid", kind="tomography", folder=Path("/data/grid")))
    yield ledger
    ledger.close()


def forget(connection: Connection) -> None:
    for table in reversed(metadata.sorted_tables):
        connection.execute(table.delete())
    if connection.dialect.name == "postgresql":
        connection.execute(text("UPDATE clock.setting SET time = 2000000000"))


@pytest.fixture
def clock(ledger: Ledger) -> Clock:
    return Clock(ledger)


@pytest.fixture
def restart(empty_url: str, request: pytest.FixtureRequest) -> Callable[[], None]:
    """Kill the server and start it again; SQLite has none."""
    if empty_url.startswith("sqlite"):
        return lambda: None
    server = request.getfixturevalue("postgresql")

    def kill_and_start() -> None:
        server.kill()
        server.start()

    return kill_and_start


@pytest.fixture
def worker() -> Claimer:
    """Somebody who works on the movies of any session, the oldest first, for a minute without a sign of life."""
    return Claimer(owner="worker", kinds=("movie",), lease=60, order="oldest")
