import pandas as pd
import pytest

from tasks.errors import FormatError
from tasks.formats.star import read_star, read_table, write_star


def test_writes_tables_and_lists_that_are_read_back_alike(tmp_path):
    table = pd.DataFrame({"rlnMicrographName": ["a b.mrc", "c.mrc"], "rlnDefocusU": [12345.678901, 1e-7]})
    write_star(tmp_path / "a.star", {"general": {"rlnTomoName": "TS_01", "rlnVoltage": 300.0}, "micrographs": table})
    blocks = read_star(tmp_path / "a.star")
    assert blocks["general"] == {"rlnTomoName": "TS_01", "rlnVoltage": 300.0}
    read = blocks["micrographs"]
    assert read["rlnMicrographName"].tolist() == table["rlnMicrographName"].tolist()
    assert read["rlnDefocusU"].tolist() == pytest.approx(table["rlnDefocusU"].tolist(), rel=1e-8)


def test_reads_one_block_as_table_also_if_it_is_a_list(tmp_path):
    write_star(tmp_path / "a.star", {"optics": {"rlnVoltage": 300.0}})
    assert read_table(tmp_path / "a.star", "optics")["rlnVoltage"].tolist() == [300.0]
    with pytest.raises(FormatError, match="blocks optics; expected a block data_particles"):
        read_table(tmp_path / "a.star", "particles")


def test_refuses_a_missing_file(tmp_path):
    with pytest.raises(FormatError, match="no such file; expected a STAR file"):
        read_star(tmp_path / "a.star")


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "empty"), ("hello\n", "no data block"), ("data_x\n\nloop_\n_a #1\n_b #2\n1 2 3\n", "cannot be read")],
)
def test_refuses_what_is_no_star_file(tmp_path, content, message):
    (tmp_path / "a.star").write_text(content)
    with pytest.raises(FormatError, match=message):
        read_star(tmp_path / "a.star")
