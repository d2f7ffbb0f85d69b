import pytest

from tasks.errors import FormatError
from tasks.formats.eer_fractions import grouped_as, read_grouping
from tasks.models import Acquisition


@pytest.mark.parametrize("text", ["1080 20 0.05\n", "540 20 0.05\n\n 540 20 0.06 \n", "1080 20"])
def test_says_how_many_frames_are_summed_to_one(tmp_path, text):
    file = tmp_path / "fractions.txt"
    file.write_text(text)
    acquisition = Acquisition(pixel_size=1)
    assert read_grouping(file) == 20
    assert grouped_as(acquisition, file).eer.grouping == 20
    assert grouped_as(acquisition, None) == acquisition


@pytest.mark.parametrize("text", ["", "1080\n", "1080 many 0.05", "1080 0 0.05", "540 20 0.05\n540 10 0.05"])
def test_refuses_what_does_not_say_it(tmp_path, text):
    file = tmp_path / "fractions.txt"
    file.write_text(text)
    with pytest.raises(FormatError, match=r"fractions\.txt"):
        read_grouping(file)


def test_refuses_a_file_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        read_grouping(tmp_path / "fractions.txt")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="no text"):
        read_grouping(tmp_path / "binary")
