import numpy as np
import pytest
from PIL import Image

from tasks.errors import FormatError
from tasks.formats.eer_writer import write_eer
from tasks.formats.mrc import write_mrc
from tasks.formats.tiff import write_tiff_frames
from tasks.images import picture_movie


@pytest.fixture
def frames():
    """Four frames that are bright where y is high and x is low."""
    frames = np.random.default_rng(3).poisson(1, (4, 96, 64)).astype(np.uint8)
    frames[:, 64:, :16] += 40
    return frames


@pytest.fixture(params=["tif", "mrc"])
def movie(request, tmp_path, frames):
    path = tmp_path / f"movie.{request.param}"
    if request.param == "mrc":
        write_mrc(path, frames.astype(np.int16), 1.0, stack=True)
    else:
        write_tiff_frames(path, list(frames), 1.0)
    return path


def is_upright(picture: Image.Image) -> bool:
    grey = np.asarray(picture)
    rows, columns = grey.shape
    corner, rest = grey[: rows // 3, : columns // 4], grey[rows // 2 :]
    return corner.mean() > rest.mean() + 100


def test_the_first_frames_are_summed(movie):
    picture = picture_movie(movie, side=48)
    assert max(picture.size) == 48
    assert is_upright(picture)


def test_what_is_left_of_a_truncated_movie_is_pictured(movie):
    whole = movie.read_bytes()
    movie.write_bytes(whole[: len(whole) * 2 // 3])
    assert is_upright(picture_movie(movie, side=48))


def test_a_part_of_the_first_frame_is_enough_of_an_mrc_file(tmp_path, frames):
    path = tmp_path / "movie.mrc"
    write_mrc(path, frames.astype(np.int16), 1.0, stack=True)
    path.write_bytes(path.read_bytes()[: 1024 + 96 * 64])
    grey = np.asarray(picture_movie(path, side=96))
    assert grey[:48].max() == 0
    assert grey[48:].max() == 255


def test_electrons_are_pictured(tmp_path):
    hit = np.zeros((16, 128, 128), bool)
    hit[:, 96::2, 0:32:2] = True
    path = tmp_path / "movie.eer"
    write_eer(path, hit)
    assert is_upright(picture_movie(path, side=32))
    path.write_bytes(path.read_bytes()[:-100])
    assert is_upright(picture_movie(path, side=32))


@pytest.mark.parametrize("content", [b"", b"\0" * 3000, b"II*\0" + b"\xff" * 200])
@pytest.mark.parametrize("suffix", ["tif", "mrc", "eer", "jpg"])
def test_a_file_without_a_header_is_refused_in_words(tmp_path, content, suffix):
    path = tmp_path / f"movie.{suffix}"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="movie"):
        picture_movie(path)


def test_a_header_that_asks_for_all_memory_is_refused(tmp_path, frames):
    path = tmp_path / "movie.mrc"
    write_mrc(path, frames.astype(np.int16), 1.0, stack=True)
    raw = bytearray(path.read_bytes())
    raw[0:8] = (10_000_000).to_bytes(4, "little") * 2
    path.write_bytes(raw)
    with pytest.raises(FormatError, match="at most"):
        picture_movie(path)
