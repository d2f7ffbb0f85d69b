"""The rights that we ask facilities for are enough (all other tests write with them), and no more."""

import logging

import pytest
from ispyb_deliveries import micrograph
from mariadb_server import PASSWORD, UNBUFFERED, Collection, Ispyb
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tasks.ispyb import Away, Database
from tasks.ispyb.rows import KEYS

DENIED = 1142
COLUMN_DENIED = 1143


def refusal(database: Database, statement: str) -> int:
    with pytest.raises(DBAPIError) as caught, database.engine.begin() as connection:
        connection.execute(text(statement))
    return int(caught.value.orig.errno)


@pytest.mark.parametrize("table", [*KEYS, "AutoProcProgram", "zc_ZocaloBuffer"])
def test_nothing_can_be_deleted(database: Database, table: str):
    assert refusal(database, f"DELETE FROM {table}") == DENIED  # noqa: S608


@pytest.mark.parametrize("table", ["Person", "Proposal", "BLSession", "DataCollection", "ProcessingJob"])
def test_people_and_their_data_are_not_seen(database: Database, table: str):
    assert refusal(database, f"SELECT * FROM {table}") == DENIED  # noqa: S608


def test_of_programs_only_the_state_is_seen_and_changed(database: Database):
    assert refusal(database, "SELECT processingCommandLine FROM AutoProcProgram") == COLUMN_DENIED
    assert refusal(database, "UPDATE AutoProcProgram SET processingCommandLine = 'rm'") == COLUMN_DENIED
    assert refusal(database, "INSERT INTO AutoProcProgram (processingMessage) VALUES ('x')") == DENIED


def test_without_the_right_on_murfeys_numbers_all_else_is_written(
    open_as, ispyb: Ispyb, collection: Collection, caplog: pytest.LogCaptureFixture
):
    unbuffered = open_as(UNBUFFERED)
    with caplog.at_level(logging.WARNING):
        ids = unbuffered.write(micrograph(collection))
        assert unbuffered.write(micrograph(collection)) == ids
    assert len(ispyb.rows("ParticlePicker", programId=collection.program)) == 1
    assert ispyb.rows("zc_ZocaloBuffer", AutoProcProgramID=collection.program) == []
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == ["this ISPyB has no zc_ZocaloBuffer"]


def test_a_right_that_is_missing_is_no_fault_of_the_rows(database: Database, ispyb: Ispyb, collection: Collection):
    ispyb.execute("REVOKE INSERT ON CTF FROM cryoem_flows_writer")
    try:
        with pytest.raises(Away, match="no table CTF, or no right"):
            database.write(micrograph(collection))
    finally:
        ispyb.execute("GRANT INSERT ON CTF TO cryoem_flows_writer")
    assert database.write(micrograph(collection))


def test_rights_on_the_whole_database_count_as_well(open_as, ispyb: Ispyb, collection: Collection):
    ispyb.execute("CREATE USER IF NOT EXISTS everything@'%' IDENTIFIED BY :password", password=PASSWORD)
    ispyb.execute(f"GRANT SELECT, INSERT, UPDATE ON {ispyb.name}.* TO everything@'%'")
    open_as("everything").write(micrograph(collection))
    assert len(ispyb.rows("zc_ZocaloBuffer", AutoProcProgramID=collection.program)) == 2
