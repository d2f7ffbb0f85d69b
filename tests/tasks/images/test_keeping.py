import os

import pytest

from tasks.errors import FormatError
from tasks.images.keeping import keep


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.mrc"
    path.write_text("1")
    return path


@pytest.fixture
def drawn(tmp_path, source):
    """A function that keeps a picture of the source, and what was drawn."""
    times = []

    def write(path):
        times.append(path)
        path.write_text(source.read_text())

    return lambda *more: (keep(tmp_path / "picture.jpeg", [source, *more], write), times)


def test_a_picture_is_drawn_once(drawn):
    path, times = drawn()
    assert path.read_text() == "1"
    drawn()
    assert len(times) == 1


def test_a_picture_is_drawn_anew_when_its_file_is_newer(drawn, source):
    drawn()
    source.write_text("2")
    newer = source.stat().st_mtime_ns + 1
    os.utime(source, ns=(newer, newer))
    path, times = drawn()
    assert path.read_text() == "2"
    drawn()
    assert len(times) == 2


def test_a_picture_carries_the_time_of_the_newest_file(drawn, source, tmp_path):
    other = tmp_path / "other.star"
    other.touch()
    os.utime(other, ns=(10**18, 10**18 + 5))
    os.utime(source, ns=(10**18, 10**18))
    path, _ = drawn(other)
    assert path.stat().st_mtime_ns == 10**18 + 5


def test_a_file_that_changes_while_it_is_drawn_is_drawn_again(tmp_path, source):
    seen = []

    def write(path):
        seen.append(source.read_text())
        path.write_text(seen[-1])
        if len(seen) == 1:
            source.write_text("2")
            newer = source.stat().st_mtime_ns + 1000
            os.utime(source, ns=(newer, newer))

    for _ in range(3):
        path = keep(tmp_path / "picture.jpeg", [source], write)
    assert seen == ["1", "2"]
    assert path.read_text() == "2"


def test_a_missing_file_is_named(drawn, tmp_path):
    with pytest.raises(FormatError, match=r"gone\.mrc: no such file"):
        drawn(tmp_path / "gone.mrc")
