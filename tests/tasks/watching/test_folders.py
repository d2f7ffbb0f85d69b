import os
from pathlib import Path

import pytest

from tasks.watching import Names
from tasks.watching.folders import Folders

MARGIN = 10.0


class Time:
    now = 0.0


@pytest.fixture
def folders(folder) -> Folders:
    return Folders([folder], Names(), [folder / "results"], MARGIN, lambda: Time.now)


@pytest.fixture(autouse=True)
def begin():
    Time.now = 0.0


def seen(folders, unsettled=(), *, everything=False) -> list[str]:
    return sorted(Path(path).name for path in folders.look(unsettled, everything=everything).stamps)


def add_unnoticed(path: Path) -> None:
    """Add a file within the same tick of the file server's clock."""
    before = path.parent.stat().st_mtime_ns
    path.write_bytes(b"x")
    os.utime(path.parent, ns=(before, before))


def test_only_new_and_unsettled_files_are_looked_at(folders, folder, write):
    write("a.tif", "b.tif", "below/c.tif")
    assert seen(folders) == ["a.tif", "b.tif", "c.tif"]
    write("d.tif")
    assert seen(folders, [str(folder / "a.tif")]) == ["a.tif", "d.tif"]
    assert seen(folders, everything=True) == ["a.tif", "b.tif", "c.tif", "d.tif"]


def test_a_file_that_comes_within_the_same_tick_is_seen_while_its_folder_is_new(folders, folder, write):
    write("a.tif")
    assert seen(folders) == ["a.tif"]
    add_unnoticed(folder / "b.tif")
    Time.now += MARGIN - 1
    assert seen(folders) == ["b.tif"]


def test_a_folder_that_has_not_changed_for_long_is_not_listed(folders, folder, write):
    write("a.tif")
    assert seen(folders) == ["a.tif"]
    Time.now += MARGIN
    assert seen(folders) == []
    add_unnoticed(folder / "b.tif")
    Time.now += MARGIN
    assert seen(folders) == []
    assert seen(folders, everything=True) == ["a.tif", "b.tif"]


def test_files_and_folders_that_are_gone_are_told(folders, folder, write):
    write("a.tif", "below/b.tif", "below/again/c.tif")
    folders.look((), everything=False)
    (folder / "a.tif").unlink()
    (folder / "below").rename(folder / "results")
    gone = folders.look((), everything=False).gone
    assert sorted(Path(path).name for path in gone) == ["a.tif", "b.tif", "c.tif"]


def test_what_cannot_be_read_now_is_not_gone(folders, folder, write, monkeypatch):
    write("a.tif", "below/b.tif")
    folders.look((), everything=False)
    folder.rename(folder.with_name("away"))
    assert folders.look((), everything=True).gone == []
    folder.with_name("away").rename(folder)
    assert seen(folders, everything=True) == ["a.tif", "b.tif"]


def test_an_unsettled_file_that_went_and_came_within_a_tick_is_found_again(folders, folder, write):
    write("a.tif")
    folders.look((), everything=False)
    Time.now += 2 * MARGIN
    folders.look((), everything=False)
    before = folder.stat().st_mtime_ns
    (folder / "a.tif").unlink()
    os.utime(folder, ns=(before, before))
    assert folders.look([str(folder / "a.tif")], everything=False).gone == [str(folder / "a.tif")]
    add_unnoticed(folder / "a.tif")
    assert seen(folders) == ["a.tif"]


def test_links_to_files_are_followed_and_links_to_folders_are_not(folders, folder, write, contents):
    target = folder.with_name("target.tif")
    (folder / "a.tif").symlink_to(target)
    (folder / "round").symlink_to(folder)
    assert seen(folders) == []
    target.write_bytes(contents[".tif"])
    assert seen(folders, everything=True) == ["a.tif"]


def test_counts_tell_how_much_is_watched(folders, write, folder):
    write("a.tif", "below/b.tif", "results/c.tif")
    (folder / "notes.txt").write_text("")
    folders.look((), everything=False)
    assert folders.counts() == (2, 2, 2)
