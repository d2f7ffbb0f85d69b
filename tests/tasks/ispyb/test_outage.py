import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ispyb_deliveries import micrograph
from mariadb_server import Collection, Ispyb, free_port
from sqlalchemy import event

from tasks.ispyb import Away, Database, database, open_ispyb


def test_a_server_that_dies_and_comes_back_loses_nothing(database: Database, ispyb: Ispyb, collection: Collection):
    ids = database.write(micrograph(collection))
    ispyb.server.kill()
    try:
        for _ in range(2):
            with pytest.raises(Away):
                database.write(micrograph(collection, 2))
    finally:
        ispyb.server.start()
    assert database.write(micrograph(collection)) == ids
    database.write(micrograph(collection, 2))
    assert len(ispyb.rows("Movie", dataCollectionId=collection.id)) == 2


def test_a_connection_that_was_dropped_is_replaced_unseen(database: Database, ispyb: Ispyb, collection: Collection):
    database.write(micrograph(collection))
    kill_connections(ispyb)
    assert database.write(micrograph(collection))


def test_a_connection_that_breaks_before_the_end_leaves_nothing(
    database: Database, ispyb: Ispyb, collection: Collection
):
    def interfere(*said: object) -> None:
        if "INTO `ParticlePicker`" in str(said[2]):
            kill_connections(ispyb)

    event.listen(database.engine, "before_cursor_execute", interfere)
    with pytest.raises(Away):
        database.write(micrograph(collection))
    assert ispyb.rows("Movie", dataCollectionId=collection.id) == []
    event.remove(database.engine, "before_cursor_execute", interfere)
    assert database.write(micrograph(collection))
    assert len(ispyb.rows("CTF", autoProcProgramId=collection.program)) == 1


def test_a_wrong_password_is_no_fault_of_the_rows(ispyb: Ispyb, collection: Collection, tmp_path: Path):
    wrong = open_ispyb(ispyb.credentials(tmp_path, password="pa@ss"))  # noqa: S106
    with pytest.raises(Away, match="Access denied") as caught:
        wrong.write(micrograph(collection))
    assert "pa@ss" not in str(caught.value)
    wrong.close()


def test_nobody_at_the_port_is_told_at_once(ispyb: Ispyb, collection: Collection, tmp_path: Path):
    nobody = open_ispyb(ispyb.credentials(tmp_path, port=free_port()))
    with pytest.raises(Away):
        nobody.find(micrograph(collection))


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that lets everybody connect and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=hold, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


def hold(listener: socket.socket) -> None:
    held = []
    while True:
        try:
            held.append(listener.accept())
        except OSError:
            return


def test_a_server_that_says_nothing_is_away(
    ispyb: Ispyb, collection: Collection, tmp_path: Path, silent: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(database._DRIVER, "connection_timeout", 1)
    mute = open_ispyb(ispyb.credentials(tmp_path, port=silent))
    with pytest.raises(Away):
        mute.write(micrograph(collection))


def kill_connections(ispyb: Ispyb) -> None:
    for row in ispyb.rows("information_schema.PROCESSLIST", USER="cryoem_flows"):
        ispyb.execute(f"KILL {row['ID']}")
