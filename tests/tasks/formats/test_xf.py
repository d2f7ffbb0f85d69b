import pytest

from tasks.errors import FormatError
from tasks.formats.xf import Transform, read_xf, write_xf

# Written by IMOD.
LINE = "  -0.1813379  -0.9834202   0.9834202  -0.1813379     -58.170      69.816\n"
TRANSFORM = Transform(a11=-0.1813379, a12=-0.9834202, a21=0.9834202, a22=-0.1813379, dx=-58.17, dy=69.816)


def test_reads_and_writes_lines_as_imod_does(tmp_path):
    (tmp_path / "a.xf").write_text(LINE * 2)
    assert read_xf(tmp_path / "a.xf") == (TRANSFORM, TRANSFORM)
    write_xf(tmp_path / "b.xf", [TRANSFORM])
    assert (tmp_path / "b.xf").read_text() == LINE


def test_refuses_lines_of_other_lengths(tmp_path):
    (tmp_path / "a.xf").write_text("1 0 0 1 0\n")
    with pytest.raises(FormatError, match=r"line 1 has 5 values .*; expected 6 in an IMOD .xf file"):
        read_xf(tmp_path / "a.xf")
