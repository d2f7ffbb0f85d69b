import math

import pytest
from pydantic import ValidationError

from tasks.errors import InputError
from tasks.ispyb import Ref, Row, finite
from tasks.ispyb.rows import in_order


def tomogram(name: str, **values: object) -> Row:
    return Row(table="Tomogram", name=name, key={"autoProcProgramId": 1}, values=values)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_a_number_that_no_column_holds_is_none(value: float | None):
    assert finite(value) is None
    assert tomogram("a", zShift=value).values == {"zShift": None}


def test_a_finite_number_stays():
    assert finite(2.5) == 2.5


def test_values_keep_their_types():
    values = {"sizeX": 7, "zShift": 7.0, "stackFile": "7", "selected": True, "tomogramMovie": "2026-11-22T10:00:00Z"}
    kept = tomogram("a", **values).values
    assert {name: type(value) for name, value in kept.items()} == {name: type(value) for name, value in values.items()}


@pytest.mark.parametrize(
    ("table", "key", "reason"),
    [
        ("Person", {"personId": 1}, "none of the tables"),
        ("CTF", {"autoProcProgramId": 1}, "without motionCorrectionId"),
        ("CTF", {}, "at least 1"),
    ],
)
def test_a_row_that_cannot_be_known_is_refused(table: str, key: dict[str, int], reason: str):
    with pytest.raises(ValidationError, match=reason):
        Row(table=table, name="a", key=key)


def test_rows_come_after_those_that_they_refer_to():
    rows = [tomogram("c", a=Ref(row="b")), tomogram("b", a=Ref(row="a")), tomogram("a")]
    assert [row.name for row in in_order(rows)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([tomogram("a"), tomogram("a")], "two of one name"),
        ([tomogram("a", a=Ref(row="b"))], "references to b"),
        ([tomogram("a", a=Ref(row="b")), tomogram("b", a=Ref(row="a"))], "a circle"),
    ],
)
def test_rows_that_do_not_fit_together_are_refused(rows: list[Row], reason: str):
    with pytest.raises(InputError, match=reason):
        in_order(rows)
