import pytest

from tasks.errors import FormatError
from tasks.formats.tlt import read_order, read_tlt, write_tlt


def test_reads_angles_with_comments_and_further_columns(tmp_path):
    (tmp_path / "a.rawtlt").write_text("# tilt dose\n -60.01 \n\n-57.0 3.1\r\n0\n")
    assert read_tlt(tmp_path / "a.rawtlt") == (-60.01, -57.0, 0.0)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("-3 3\n0 1\n3 2\n", (1, 2, 0)),
        ("-3 2\n0 0\n3 1\n", (1, 2, 0)),
        ("-3 3.1\n0 1.2\n3 2.0\n", None),
        ("-3 1\n0 1\n3 2\n", None),
        ("-3\n0 1\n3 2\n", None),
        ("-3\n0\n3\n", None),
    ],
)
def test_tells_the_order_of_acquisition_from_other_second_columns(tmp_path, text, order):
    (tmp_path / "a.tlt").write_text(text)
    assert read_order(tmp_path / "a.tlt") == order


def test_writes_what_it_reads(tmp_path):
    write_tlt(tmp_path / "a.tlt", [-60, -0.25, 59.99])
    assert (tmp_path / "a.tlt").read_text() == "  -60.00\n   -0.25\n   59.99\n"
    assert read_tlt(tmp_path / "a.tlt") == (-60, -0.25, 59.99)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty; expected a list of tilt angles"),
        ("1\ntwo\n", "line 2: could not convert"),
        ("1\n1000\n", "angle 2 is 1000.0"),
        ("1\nnan\n", "line 2: nan; expected finite numbers"),
        ("a\0b", "not a text file"),
    ],
)
def test_refuses_what_are_no_angles(tmp_path, content, message):
    (tmp_path / "a.tlt").write_text(content)
    with pytest.raises(FormatError, match=message):
        read_tlt(tmp_path / "a.tlt")


def test_refuses_a_missing_file(tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        read_tlt(tmp_path / "a.tlt")
