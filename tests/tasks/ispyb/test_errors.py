import pickle
import traceback

import pytest
from ispyb_deliveries import RAW, micrograph
from mariadb_server import Collection
from sqlalchemy.exc import DBAPIError, TimeoutError  # noqa: A004 - that of a pool of connections

from tasks.ispyb import Away, Database, Orphaned, Rejected
from tasks.ispyb.codes import translated


class DriverError(Exception):
    """What a driver raises."""

    def __init__(self, errno: int, msg: str) -> None:
        super().__init__(errno, msg)
        self.errno, self.msg = errno, msg


@pytest.mark.parametrize(
    "error",
    [Away("down", 2003), Rejected("Movie", "movieFullPath", "too long"), Orphaned("Movie", "", "not there")],
)
def test_errors_reach_other_processes_as_they_are(error: Exception):
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


@pytest.mark.parametrize("code", [1205, 1213, 1927, 2002, 2006, 2013, 2055, 1040, 1203, 1290, 1792, 1053, 1142, 4711])
def test_what_is_not_the_fault_of_the_data_may_pass(code: int):
    error = translated(DBAPIError("INSERT", {}, DriverError(code, "reason")), "Movie")
    assert isinstance(error, Away)
    assert (str(error), error.code) == ("reason", code)


def test_a_pool_without_a_free_connection_is_no_fault_of_the_data():
    assert isinstance(translated(TimeoutError("all in use"), ""), Away)


def test_an_error_shows_its_column_and_nothing_else_of_the_rows(database: Database, collection: Collection):
    movie, motion, *_ = micrograph(collection)
    motion = motion.model_copy(update={"values": motion.values | {"imageNumber": 70_000}})
    with pytest.raises(Rejected, match=r"MotionCorrection\.imageNumber") as caught:
        database.write([movie, motion])
    printed = "".join(traceback.format_exception(caught.value))
    assert "imageNumber" in printed
    assert RAW not in printed
