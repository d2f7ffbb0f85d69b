from pathlib import Path

import pytest

from tasks.ctf_estimation.ctffind_files import read_averages, read_values
from tasks.errors import FormatError

DATA = Path(__file__).parents[2] / "data" / "ctffind"


def edited(tmp_path, name, old, new):
    path = tmp_path / name
    text = (DATA / name).read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


def test_reads_the_values_of_a_real_fit():
    values = read_values(DATA / "fit.txt")
    assert values.version == "4.1.14"
    assert (values.defocus_1, values.defocus_2, values.azimuth) == (10588.083984, 9956.6875, -44.710212)
    assert (values.phase_shift, values.score, values.resolution) == (0.0, 0.494779, 4.102857)


def test_reads_the_averages_of_a_real_fit():
    profile = read_averages(DATA / "fit_avrot.txt")
    assert len(profile.frequency) == 363
    assert profile.frequency[1] == 0.001393
    # The third row, corrected for astigmatism, not the second.
    assert profile.observed[0] == 1.90304
    assert profile.fit[0] == 0.07
    assert profile.correlation[24] == 0.682093


def test_refuses_a_file_without_values(tmp_path):
    path = edited(tmp_path, "fit.txt", "1.000000 10588", "# 10588")
    with pytest.raises(FormatError, match=r"fit\.txt: 0 rows"):
        read_values(path)


def test_refuses_the_values_of_several_micrographs(tmp_path):
    path = tmp_path / "fit.txt"
    text = (DATA / "fit.txt").read_text()
    path.write_text(text + text.splitlines()[-1] + "\n")
    with pytest.raises(FormatError, match="2 rows"):
        read_values(path)


def test_refuses_a_file_whose_columns_mean_something_else(tmp_path):
    path = edited(tmp_path, "fit.txt", "additional phase shift [radians]", "additional phase shift [degrees]")
    with pytest.raises(FormatError, match="radians"):
        read_values(path)


def test_refuses_a_value_too_few(tmp_path):
    path = edited(tmp_path, "fit.txt", " 4.102857", "")
    with pytest.raises(FormatError, match="6 values"):
        read_values(path)


def test_refuses_what_is_not_a_number(tmp_path):
    path = edited(tmp_path, "fit.txt", "4.102857", "four")
    with pytest.raises(FormatError, match="four"):
        read_values(path)


def test_refuses_a_file_without_version(tmp_path):
    path = edited(tmp_path, "fit.txt", "Output from CTFFind version", "Output of")
    with pytest.raises(FormatError, match="no version"):
        read_values(path)


def test_refuses_averages_that_lack_a_row(tmp_path):
    path = tmp_path / "fit_avrot.txt"
    path.write_text("\n".join((DATA / "fit_avrot.txt").read_text().splitlines()[:-1]))
    with pytest.raises(FormatError, match="5 values"):
        read_averages(path)
