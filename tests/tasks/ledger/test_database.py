import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tasks.errors import InputError
from tasks.ledger import Arrival, Ledger, LedgerError, arrive, open_ledger, status
from tasks.ledger.engine import connect


def pragma(ledger: Ledger, name: str) -> object:
    return ledger.read(lambda connection: connection.scalar(text(f"PRAGMA {name}")))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "ledger.db"


@pytest.fixture
def in_file(file: Path) -> Iterator[Ledger]:
    ledger = open_ledger(f"sqlite:///{file}")
    yield ledger
    ledger.close()


def test_sqlite_keeps_what_it_promises(in_file: Ledger) -> None:
    assert pragma(in_file, "journal_mode") == "wal"
    assert pragma(in_file, "synchronous") == 2
    assert pragma(in_file, "foreign_keys") == 1


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://root@localhost/ledger", "ledger.db"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(InputError, match=r"ledger: .*expected sqlite:///FILE"):
        open_ledger(url)


def test_what_is_missing_for_postgresql_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InputError, match=r"pip install 'cryoem-flows\[postgresql\]'"):
        open_ledger("postgresql://localhost/ledger")


def test_a_password_is_never_said() -> None:
    ledger = Ledger(connect("postgresql://someone:secret@nowhere.invalid/ledger"), patience=0)
    with pytest.raises(LedgerError, match=r"someone:.*nowhere\.invalid/ledger did not answer") as error:
        ledger.read(lambda connection: None)
    assert "secret" not in str(error.value)


def test_a_writer_waits_for_another(ledger: Ledger) -> None:
    held, let_go = threading.Event(), threading.Event()

    def hold(connection) -> None:
        connection.execute(text("UPDATE sessions SET folder = folder"))
        held.set()
        let_go.wait(10)

    other = threading.Thread(target=ledger.write, args=[hold])
    other.start()
    held.wait(10)
    threading.Timer(0.3, let_go.set).start()
    ledger.write(lambda connection: connection.execute(text("UPDATE sessions SET folder = folder")))
    assert let_go.is_set()
    other.join()


def test_a_reader_does_not_wait_for_a_writer(ledger: Ledger) -> None:
    def work(connection) -> None:
        connection.execute(text("UPDATE sessions SET folder = 'elsewhere'"))
        assert status(ledger, "grid").kinds == ()

    ledger.write(work)


def test_a_mistake_in_a_statement_is_not_tried_again(ledger: Ledger) -> None:
    tries = []

    def work(connection) -> None:
        tries.append(1)
        connection.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(Exception, match="nowhere"):
        ledger.write(work)
    assert len(tries) == 1


def test_work_goes_on_when_the_server_is_back(ledger_by_its_own_clock: Ledger, restart) -> None:
    ledger = ledger_by_its_own_clock
    arrive(ledger, [Arrival(session="grid", kind="movie", key="a")])
    restart()
    arrive(ledger, [Arrival(session="grid", kind="movie", key="b")])
    assert [kind.waiting for kind in status(ledger, "grid").kinds] == [2]


def test_a_disk_that_is_full_is_said_and_forgotten(in_file: Ledger, file: Path) -> None:
    ledger = in_file
    pages = pragma(ledger, "page_count")
    ledger.write(lambda connection: connection.execute(text(f"PRAGMA max_page_count = {pages}")))
    big = text("INSERT INTO pauses VALUES ('x', 'disk-full', :much, 0, 0)").bindparams(much="x" * 100_000)
    with pytest.raises(OperationalError, match="full"):
        ledger.write(lambda connection: connection.execute(big))
    ledger.write(lambda connection: connection.execute(text("PRAGMA max_page_count = 1000000")))
    ledger.write(lambda connection: connection.execute(big))
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
