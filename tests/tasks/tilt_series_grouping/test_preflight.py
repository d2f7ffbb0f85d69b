import numpy as np
import pytest

from tasks.errors import InputError
from tasks.formats.mrc import write_mrc
from tasks.models import Acquisition, GainReference, Micrograph, Movie, Tilt, TiltSeries
from tasks.tilt_series_grouping import check


@pytest.fixture
def series(frames, write):
    """Return the maker of a series of six movies of 4 x 5 pixels."""

    def make(**acquisition):
        tilts = []
        for number in range(6):
            path = frames / f"{number}.tif"
            write(path)
            movie = Movie(path=path, acquisition=Acquisition(pixel_size=1, **acquisition))
            tilts.append(Tilt(name=path.stem, angle=number, number=number + 1, source=movie))
        return TiltSeries(name="TS_01", tilts=tuple(tilts), tilt_axis_angle=85)

    return make


def test_returns_a_series_that_is_whole_as_it_is(series, tmp_path):
    write_mrc(tmp_path / "gain.mrc", np.ones((4, 5), np.float32), 1)
    (tmp_path / "defects.txt").write_text("0 0 1 1\n")
    whole = series(gain=GainReference(path=tmp_path / "gain.mrc"), defects=tmp_path / "defects.txt")
    assert check(whole, tmp_path / "new" / "results") == whole
    assert list((tmp_path / "new" / "results").iterdir()) == []


def test_excludes_tilts_whose_file_is_missing_broken_or_unlike_the_others(series, frames, write):
    whole = series()
    (frames / "0.tif").unlink()
    (frames / "1.tif").write_bytes(b"II*\0")
    write(frames / "5.tif", (3, 8, 9))
    checked = check(whole)
    assert [tilt.name for tilt in checked.tilts] == ["2", "3", "4"]
    reasons = {one.name: one.reason for one in checked.excluded}
    assert reasons["0"].endswith("0.tif: no such file; expected a TIFF file")
    assert "cannot be read" in reasons["1"]
    assert reasons["5"] == "9 x 8 pixels; expected 5 x 4 as most tilts have"


def test_refuses_a_series_of_which_too_little_is_left(series, frames):
    whole = series()
    for number in range(4):
        (frames / f"{number}.tif").unlink()
    with pytest.raises(
        InputError, match=r"tilt series TS_01: 2 usable tilts; 0: .*no such file.*; expected at least 3"
    ):
        check(whole)


def test_refuses_a_gain_reference_that_does_not_fit(series, tmp_path):
    write_mrc(tmp_path / "gain.mrc", np.ones((6, 7), np.float32), 1)
    with pytest.raises(InputError, match=r"gain\.mrc: 7 x 6 pixels after rotation; expected 5 x 4 as the frames have"):
        check(series(gain=GainReference(path=tmp_path / "gain.mrc")))
    with pytest.raises(InputError, match="no such file"):
        check(series(gain=GainReference(path=tmp_path / "none.mrc")))


def test_refuses_defects_outside_the_frames(series, tmp_path):
    (tmp_path / "defects.txt").write_text("5 0 1 1\n")
    with pytest.raises(InputError, match="rectangle 5 0 1 1; expected one in 5 x 4 pixels"):
        check(series(defects=tmp_path / "defects.txt"))


def test_refuses_a_folder_that_cannot_be_written_to(series, tmp_path):
    (tmp_path / "results").write_text("a file")
    with pytest.raises(InputError, match="results: cannot be written to"):
        check(series(), tmp_path / "results")


def test_looks_at_the_sections_of_stacks(tmp_path):
    write_mrc(tmp_path / "a.st", np.zeros((4, 5, 6), np.float32), 1, stack=True)
    tilts = tuple(
        Tilt(
            name=str(section),
            angle=section,
            number=section + 1,
            source=Micrograph(path=tmp_path / "a.st", pixel_size=1, section=section),
        )
        for section in range(5)
    )
    checked = check(TiltSeries(name="TS_01", tilts=tilts, tilt_axis_angle=85))
    assert len(checked.tilts) == 4
    assert checked.excluded[0].reason.endswith("4 sections; expected a section 4 (counted from 0)")
