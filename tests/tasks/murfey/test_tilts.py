from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.errors import InputError
from tasks.murfey import AskedTilt, TomoAlign, parse

PROJECT = "/data/cm1-1/processed/raw2"


def series(tilts):
    parameters = {"input_file_list": tilts, "stack_file": f"{PROJECT}/Tomograms/job006/tomograms/a_stack.mrc"}
    return {"recipes": ["em-tomo-align"], "parameters": {**parameters, "pixel_size": 2}}


def asked(tilts):
    return parse(series(tilts)).request


def named(tilts):
    return [(tilt.path.name, tilt.angle) for tilt in tilts]


def test_tilts_are_in_the_order_of_their_angles():
    assert named(asked("[['/a.mrc', '3.0'], ['/b.mrc', '-3.0'], ['/c.mrc', '0.0']]").tilts) == [
        ("b.mrc", -3),
        ("c.mrc", 0),
        ("a.mrc", 3),
    ]


@pytest.mark.parametrize(
    "tilts", ["[('/a.mrc', 3)]", '[["/a.mrc", 3.0]]', [["/a.mrc", "3"]], "(('/a.mrc', '3.00'),)", " [['/a.mrc', 3]] "]
)
def test_lists_and_angles_may_be_written_in_many_ways(tilts):
    assert asked(tilts).tilts == (AskedTilt(path="/a.mrc", angle=3),)


def test_a_tilt_that_is_listed_twice_is_one():
    found = asked("[['/a.mrc', '3.0'], ['/b.mrc', '0.0'], ['/a.mrc', '3']]")
    assert named(found.tilts) == [("b.mrc", 0), ("a.mrc", 3)]
    assert found.replaced == ()


def test_of_two_tilts_of_one_angle_the_later_one_counts():
    found = asked("[['/b_002.mrc', '3.0'], ['/a.mrc', '0.0'], ['/b_009.mrc', '3.00'], ['/c.mrc', '-0.0']]")
    assert named(found.tilts) == [("c.mrc", 0), ("b_009.mrc", 3)]
    assert found.replaced == (Path("/b_002.mrc"), Path("/a.mrc"))


@pytest.mark.parametrize(
    "tilts",
    [
        *("", "None", None, "[]", "[", "x", "{}", 5, "[5]", "['/a.mrc']", "[['/a.mrc']]", "[['/a.mrc', '0', 1]]"),
        *("[['a.mrc', '0']]", "[['/a.mrc', 'nan']]", "[['/a.mrc', None]]", "[['/data/../a.mrc', '0']]", "[" * 1000),
        *("__import__('os').getcwd()", "[['/a.mrc', '0'], ['/a.mrc', '3']]"),
    ],
)
def test_what_is_no_list_of_tilts_is_refused(tilts):
    with pytest.raises(InputError, match=r"em-tomo-align: input_file_list: .*expected a list of \[path, angle\]"):
        parse(series(tilts))


def test_a_missing_list_is_refused():
    body = series([])
    del body["parameters"]["input_file_list"]
    with pytest.raises(InputError, match="em-tomo-align: input_file_list: missing; expected The tilts"):
        parse(body)


def test_a_series_can_be_asked_for_by_our_own_names():
    made = TomoAlign(
        tilts=[AskedTilt(path="/a.mrc", angle=0)],
        stack_file=f"{PROJECT}/Tomograms/job006/tomograms/a_stack.mrc",
        pixel_size=2,
        autoproc_program_id=3,
    )
    assert (made.autoproc_program_id, made.series, made.replaced) == (3, "a", ())
    with pytest.raises(ValidationError):
        made.pixel_size = 3
