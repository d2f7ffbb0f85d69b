import logging
from collections.abc import Iterator

import pytest
from ispyb_deliveries import tomogram
from mariadb_server import Collection, Ispyb

from tasks.ispyb import Database, Rejected, Row, Status


@pytest.fixture
def older(ispyb: Ispyb) -> Iterator[Ispyb]:
    """ISPyB 5.0, which lacks what 5.2 has."""
    ispyb.execute("ALTER TABLE Tomogram DROP COLUMN thickness")
    ispyb.execute("ALTER TABLE AutoProcProgram DROP COLUMN jobUuid")
    yield ispyb
    ispyb.execute("ALTER TABLE Tomogram ADD COLUMN IF NOT EXISTS thickness float")
    ispyb.execute("ALTER TABLE AutoProcProgram ADD COLUMN jobUuid binary(16)")


def test_a_column_that_an_older_ispyb_lacks_is_left_out_and_told_once(
    older: Ispyb, database: Database, collection: Collection, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.WARNING):
        ids = database.write(tomogram(collection))
        assert database.write(tomogram(collection)) == ids
    assert database.set_status(Status(program=collection.program, state="success"))
    (row,) = older.rows("Tomogram", tomogramId=ids["tomogram"])
    assert row["sizeX"] == 1024
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == [
        "this ISPyB has no Tomogram.thickness"
    ]


def test_a_new_release_of_ispyb_is_noticed(
    older: Ispyb, database: Database, collection: Collection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tasks.ispyb.database._FRESH", 0.0)
    ids = database.write(tomogram(collection))
    older.execute("ALTER TABLE Tomogram ADD COLUMN thickness float")
    database.write(tomogram(collection))
    (row,) = older.rows("Tomogram", tomogramId=ids["tomogram"])
    assert row["thickness"] == 25.2


def test_a_column_that_never_was_is_left_out_but_not_from_a_key(
    database: Database, ispyb: Ispyb, collection: Collection
):
    movie, volume, *_ = tomogram(collection)
    odd = volume.model_copy(update={"values": volume.values | {"colour": "grey"}})
    ids = database.write([movie, odd])
    assert ispyb.rows("Tomogram", tomogramId=ids["tomogram"])
    lost = Row(
        table="Tomogram", name="lost", key={"autoProcProgramId": 1, "colour": "grey"}, program=collection.program
    )
    with pytest.raises(Rejected, match=r"Tomogram\.colour: there is no such column"):
        database.write([lost])
