import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from tasks.murfey import values


def read(kind, value):
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("value", [300, 300.0, "300", "300.0", " 300 ", "3e2", np.float32(300), np.int64(300)])
@pytest.mark.parametrize(
    "kind", [values.Number, values.Amount, values.Size, values.Whole, values.Count, values.Positive, values.KnownSize]
)
def test_a_number_may_be_written_in_many_ways(kind, value):
    found = read(kind, value)
    assert found == 300
    assert type(found) in {int, float}


@pytest.mark.parametrize("value", ["", "nan", "inf", "x", None, True, [1], {}, float("nan"), float("inf"), "1e999"])
@pytest.mark.parametrize("kind", [values.Number, values.Amount, values.Size, values.Whole, values.Count])
def test_what_is_no_number_is_refused(kind, value):
    with pytest.raises(ValidationError, match="number"):
        read(kind, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (values.Amount, -1),
        (values.Size, 0),
        (values.Size, "-2"),
        (values.KnownSize, -1),
        (values.Count, -1),
        (values.Positive, 0),
        (values.Identifier, 0),
        (values.Identifier, -1),
        (values.Fraction, 1.1),
        (values.Fraction, -0.1),
        (values.Whole, 1.5),
        (values.Whole, "1.5"),
        (values.Whole, 2**63),
        (values.Whole, 10**400),
        (values.Whole, "9" * 5000),
    ],
)
def test_a_number_out_of_range_is_refused(kind, value):
    with pytest.raises(ValidationError, match=r"number|identifier|fraction"):
        read(kind, value)


@pytest.mark.parametrize("value", [2**62 + 1, str(2**62 + 1), np.int64(2**62 + 1)])
def test_large_identifiers_are_exact(value):
    assert read(values.Identifier, value) == 2**62 + 1


def test_zero_is_a_size_that_is_not_known():
    assert [read(values.KnownSize, value) for value in (0, 0.0, "0", 187)] == [None, None, None, 187]


@pytest.mark.parametrize("value", [True, "True", "true", "1", 1, "yes"])
def test_true_may_be_written_in_many_ways(value):
    assert read(values.Truth, value) is True


@pytest.mark.parametrize("value", [False, "False", "false", "0", 0, "no"])
def test_false_may_be_written_in_many_ways(value):
    assert read(values.Truth, value) is False


@pytest.mark.parametrize("value", ["perhaps", 2, None, 1.0, []])
def test_what_is_neither_true_nor_false_is_refused(value):
    with pytest.raises(ValidationError, match="true or false"):
        read(values.Truth, value)


@pytest.mark.parametrize("value", [None, "", " ", "None", "none", "null", "."])
def test_nothing_may_be_written_in_many_ways(value):
    assert values.is_nothing(value)


@pytest.mark.parametrize("value", [0, False, "0", "x", [], {}, "/data/None"])
def test_other_values_are_something(value):
    assert not values.is_nothing(value)


@pytest.mark.parametrize("value", ["movie.tiff", "", "/data/../etc/x", None, 3, "/data/a\nb", "/data/a\0b", "."])
def test_paths_that_lead_elsewhere_are_refused(value):
    with pytest.raises(ValidationError, match="absolute path"):
        read(values.AbsolutePath, value)


def test_paths_may_have_spaces_and_brackets():
    assert str(read(values.AbsolutePath, "/data/a visit/Position [1].tiff")) == "/data/a visit/Position [1].tiff"


@pytest.mark.parametrize("value", ["C1", "D7", "I1", "O", "t"])
def test_symmetry_stays_as_it_is_written(value):
    assert read(values.Symmetry, value) == value


@pytest.mark.parametrize("value", ["", "X3", "C1; rm", None, 1])
def test_what_is_no_point_group_is_refused(value):
    with pytest.raises(ValidationError, match="point group"):
        read(values.Symmetry, value)


@pytest.mark.parametrize(
    "value",
    [
        {"0": 11, "1": 12, "2": 13},
        {"1": 11, "2": 12, "3": 13},
        {"2": 13, "0": 11, "1": 12},
        {"9": 12, "10": 13, "8": 11},
        {1: 11, 2: 12, 3: 13},
        {"1": "11", "2": 12.0, "3": 13},
        "{'1': 11, '2': 12, '3': 13}",
        [11, 12, 13],
    ],
)
def test_identifiers_of_classes_are_in_the_order_of_the_classes(value):
    assert read(values.ClassIdentifiers, value) == (11, 12, 13)


@pytest.mark.parametrize("value", ["x", "[", "(" * 500, 5, None, {"a": 1}])
def test_what_are_no_identifiers_of_classes_is_refused(value):
    with pytest.raises(ValidationError, match="identifiers by the number of the class"):
        read(values.ClassIdentifiers, value)


def test_an_identifier_of_a_class_that_is_none_is_refused():
    with pytest.raises(ValidationError, match="an identifier"):
        read(values.ClassIdentifiers, {"0": 5, "1": None})
