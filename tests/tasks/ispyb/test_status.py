from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mariadb_server import Collection, Ispyb

from tasks.ispyb import Database, Orphaned, Status

STARTED = datetime(2026, 11, 20, 9, tzinfo=UTC)
ENDED = datetime(2026, 11, 20, 12, tzinfo=UTC)
# The database's zone.
SHOWN = {"start": datetime(2026, 11, 20, 14), "end": datetime(2026, 11, 20, 17)}  # noqa: DTZ001


def shown(ispyb: Ispyb, collection: Collection) -> tuple[Any, ...]:
    (row,) = ispyb.rows("AutoProcProgram", autoProcProgramId=collection.program)
    columns = ("processingStatus", "processingMessage", "processingStartTime", "processingEndTime")
    return tuple(row[column] for column in columns)


def test_a_program_runs_and_ends(database: Database, ispyb: Ispyb, collection: Collection):
    running = Status(program=collection.program, state="running", message="3 of 5 micrographs", started=STARTED)
    assert database.set_status(running)
    assert shown(ispyb, collection) == (None, "3 of 5 micrographs", SHOWN["start"], None)
    success = Status(program=collection.program, state="success", message="5 micrographs", ended=ENDED)
    assert database.set_status(success)
    assert shown(ispyb, collection) == (1, "5 micrographs", SHOWN["start"], SHOWN["end"])


def test_the_same_again_changes_nothing(database: Database, ispyb: Ispyb, collection: Collection):
    failure = Status(program=collection.program, state="failure", message="no movie can be read")
    assert database.set_status(failure)
    before = shown(ispyb, collection)
    assert not database.set_status(failure)
    assert shown(ispyb, collection) == before
    assert before[0] == 0


def test_a_start_that_murfey_has_said_stays(database: Database, ispyb: Ispyb, collection: Collection):
    ispyb.execute(
        "UPDATE AutoProcProgram SET processingStartTime = '2026-11-20 09:00:00' WHERE autoProcProgramId = :program",
        program=collection.program,
    )
    database.set_status(Status(program=collection.program, state="running", started=STARTED + timedelta(days=1)))
    assert shown(ispyb, collection)[2] == datetime(2026, 11, 20, 9)  # noqa: DTZ001 - as the database holds it


def test_a_program_that_goes_on_has_no_end(database: Database, ispyb: Ispyb, collection: Collection):
    database.set_status(Status(program=collection.program, state="success", message="all done"))
    database.set_status(Status(program=collection.program, state="running"))
    assert shown(ispyb, collection)[:2] == (None, "all done")
    assert shown(ispyb, collection)[3] is None


def test_a_long_message_is_cut_and_a_strange_letter_replaced(database: Database, ispyb: Ispyb, collection: Collection):
    database.set_status(Status(program=collection.program, state="failure", message="Ω" + 300 * "x"))
    assert shown(ispyb, collection)[1] == "?" + 254 * "x"


def test_an_unknown_program_is_no_success(database: Database):
    with pytest.raises(Orphaned, match="no program 999999"):
        database.set_status(Status(program=999_999, state="success"))
