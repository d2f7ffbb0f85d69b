import numpy as np
import pytest

from tasks.formats.mrc import write_mrc
from tasks.report import quarantine
from tasks.report.gathering import gather
from tasks.report.page import render
from tasks.report.quarantine import end_of, given_up


@pytest.fixture
def movie(tmp_path):
    path = tmp_path / "m_1.mrc"
    write_mrc(path, np.random.default_rng(1).poisson(3, (4, 40, 40)).astype(np.int16), 1.0, stack=True)
    return path


def told(grid):
    return given_up(grid.ledger, grid.session, (), grid.session.folder / "report")


def test_a_broken_movie_is_pictured(grid, movie):
    movie.write_bytes(movie.read_bytes()[:-2000])
    grid.lost("tilt_movie", str(movie), "it is truncated", path=str(movie))
    (item,) = told(grid)
    assert item.picture.file.startswith("quarantine/m_1-")
    assert item.picture.file.endswith(".png")
    assert (grid.session.folder / "report" / item.picture.file).is_file()
    assert item.picture.words == "Sum of the first frames of m_1.mrc"


def test_why_there_is_no_picture_is_said_in_words(grid, movie):
    movie.write_bytes(b"\0" * 2000)
    grid.lost("tilt_movie", str(movie), "no header", path=str(movie))
    grid.lost("tilt_movie", "/gone.tif", "it is gone", path="/gone.tif")
    grid.lost("particle_batch", "7", "no particles")
    words = [item.picture.words for item in told(grid)]
    assert words[0].startswith("no picture: not an MRC header (it begins with 00 00")
    assert words[1:] == ["no picture: No such file or directory", "no picture: the item names no movie"]


def test_an_extraction_is_pictured_by_its_movie(grid, movie):
    grid.lost("extraction", str(movie), "no CTF", of="digest")
    (item,) = told(grid)
    assert item.picture.words == "Sum of the first frames of m_1.mrc"


def test_a_tilt_series_is_pictured_by_the_first_movie_that_is_there(grid, movie):
    names = ["m_0.mrc", "m_1.mrc", "m_2.mrc"]
    grid.lost("tilt_series", "/a.mdoc", "too few tilts", name="a", frames=str(movie.parent), movies=names)
    (item,) = told(grid)
    assert item.picture.words == "Sum of the first frames of m_1.mrc"


def test_one_of_each_reason_comes_first_and_not_all_is_told_of_all(grid, movie, monkeypatch):
    monkeypatch.setattr(quarantine, "DETAILED", 2)
    for number in range(4):
        grid.lost("movie", f"/f/m_{number}.tif", f"/f/m_{number}.tif: gain of {number} pixels", path="/f")
    grid.lost("movie", "/f/other.tif", "it is black", path="/f")
    items = told(grid)
    assert [item.name for item in items] == ["m_0.tif", "other.tif", "m_1.tif", "m_2.tif", "m_3.tif"]
    assert [len(item.attempts) for item in items] == [1, 1, 0, 0, 0]


def test_reasons_are_counted_if_many_failed_alike(grid):
    for number in range(4):
        grid.lost("movie", f"/f/m_{number}.tif", f"/f/m_{number}.tif: gain of {number} pixels", path="/f")
    page = render(gather(grid.ledger, grid.session, grid.session.folder / "report"))
    assert '<td>4</td><td class="text">movie bad-data: \u2026: gain of # pixels</td>' in page


def test_the_last_lines_of_a_log_are_told(tmp_path):
    log = tmp_path / "a.log"
    log.write_bytes(b"".join(b"line %d \xff\n" % number for number in range(5000)))
    lines = end_of(log).splitlines()
    assert lines[-1] == "line 4999 \ufffd"
    assert len(lines) == 12
    assert end_of(tmp_path / "none.log").startswith("cannot be read: ")
