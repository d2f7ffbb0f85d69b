import os

import numpy as np
import pytest
from PIL import Image

from tasks.formats.mrc import write_mrc
from tasks.images import picture_movie
from tasks.report.album import Album, plain


@pytest.fixture
def drawn():
    """The files that were drawn."""
    return []


@pytest.fixture
def draw(drawn):
    def one(path):
        drawn.append(path.name)
        if path.read_text() == "bad":
            raise ValueError("not an image")
        return Image.new("L", (4, 4))

    return one


def test_a_picture_is_made_once_and_again_when_the_file_changes(tmp_path, draw, drawn):
    file, report = tmp_path / "a.mrc", tmp_path / "report"
    file.write_text("good")
    first = Album(report / "pictures", ".png", 5).show(file, "a", draw, "words")
    assert (report / first.file).is_file()
    assert Album(report / "pictures", ".png", 5).show(file, "a", draw, "words") == first
    assert drawn == ["a.mrc"]
    file.write_text("other")
    assert Album(report / "pictures", ".png", 5).show(file, "a", draw, "words").file != first.file
    assert drawn == ["a.mrc", "a.mrc"]


def test_a_file_that_cannot_be_drawn_is_told_in_words_and_not_tried_again(tmp_path, draw, drawn):
    file = tmp_path / "a.mrc"
    file.write_text("bad")
    for _ in range(2):
        shown = Album(tmp_path / "pictures", ".png", 5).show(file, "a", draw, "")
        assert shown.file is None
        assert shown.words == "no picture: not an image"
    assert drawn == ["a.mrc"]


def test_a_missing_file_is_told_in_words(tmp_path, draw):
    shown = Album(tmp_path / "pictures", ".png", 5).show(tmp_path / "a.mrc", "a", draw, "")
    assert shown.words == "no picture: No such file or directory"


def test_so_many_pictures_are_made_and_the_rest_later(tmp_path, draw):
    files = [tmp_path / f"{number}.mrc" for number in range(3)]
    for file in files:
        file.write_text("good")
    for expected in ([True, True, False], [True, True, True]):
        album = Album(tmp_path / "pictures", ".png", 2)
        assert [album.show(file, file.stem, draw, "").file is not None for file in files] == expected


def test_old_pictures_that_are_no_longer_shown_are_removed(tmp_path, draw):
    files = [tmp_path / f"{number}.mrc" for number in range(3)]
    for file in files:
        file.write_text("good")
    album = Album(tmp_path / "pictures", ".png", 5)
    shown = [tmp_path / album.show(file, file.stem, draw, "").file for file in files]
    for picture in shown[:2]:
        os.utime(picture, (0, 0))
    album = Album(tmp_path / "pictures", ".png", 5)
    album.show(files[0], "0", draw, "")
    album.forget()
    assert [picture.exists() for picture in shown] == [True, False, True]


@pytest.mark.parametrize(
    ("name", "safe"), [("../../etc/passwd", "etc_passwd"), ("<b>\n", "b"), ("...", "unnamed"), ("a" * 300, "a" * 60)]
)
def test_names_are_safe_in_file_systems_and_addresses(name, safe):
    assert plain(name) == safe


@pytest.mark.parametrize("seed", range(5))
def test_whatever_a_file_holds_nothing_is_raised(tmp_path, seed):
    random = np.random.default_rng(seed)
    frames = random.poisson(1, (3, 20, 24)).astype(np.int16)
    write_mrc(tmp_path / "whole.mrc", frames, 1.0, stack=True)
    whole = np.frombuffer((tmp_path / "whole.mrc").read_bytes(), np.uint8)
    for suffix in ("mrc", "tif", "eer"):
        broken = whole[: random.integers(0, len(whole))].copy()
        places = random.integers(0, max(len(broken), 1), 30)
        broken[places[places < len(broken)]] = random.integers(0, 256)
        file = tmp_path / f"{seed}.{suffix}"
        broken.tofile(file)
        shown = Album(tmp_path / "pictures", ".png", 9).show(file, "a", picture_movie, "words")
        assert shown.words
