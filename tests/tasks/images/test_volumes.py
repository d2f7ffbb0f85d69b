import numpy as np
import pytest

from tasks.errors import FormatError
from tasks.formats.mrc import write_mrc
from tasks.images.volumes import film_through, picture_central, picture_projection


@pytest.fixture
def volume(tmp_path):
    """A noisy volume of (z, y, x) = (40, 64, 96): one bright cube low in z, right in x and high in y."""
    data = np.random.default_rng(5).normal(0, 0.1, (40, 64, 96)).astype(np.float32)
    data[4:12, 48:56, 80:88] += 5
    write_mrc(tmp_path / "volume.mrc", data, 10)
    return tmp_path / "volume.mrc"


def brightest(picture, size):
    """Return where a picture is brightest, left to right and top to bottom, from 0 to 1, as of the middle of a cube."""
    grey = np.asarray(picture, float)
    blurred = np.lib.stride_tricks.sliding_window_view(grey, (size, size)).mean(axis=(2, 3))
    down, across = np.unravel_index(blurred.argmax(), blurred.shape)
    return (across + size / 2) / grey.shape[1], (down + size / 2) / grey.shape[0]


def test_seen_from_above_y_points_up(volume):
    picture = picture_projection(volume, "XY", side=96)
    assert picture.size == (96, 64)
    assert brightest(picture, 8) == pytest.approx((84 / 96, 1 - 52 / 64), abs=0.02)


def test_seen_from_the_side_z_points_up(volume):
    picture = picture_projection(volume, "XZ", side=96)
    assert picture.size == (96, 40)
    assert brightest(picture, 8) == pytest.approx((84 / 96, 1 - 8 / 40), abs=0.02)


def test_a_large_volume_is_binned(volume):
    picture = picture_projection(volume, "XY", side=50)
    assert picture.size == (48, 32)
    assert brightest(picture, 4) == pytest.approx((84 / 96, 1 - 52 / 64), abs=0.05)
    assert picture_central(volume, side=40).size == (32, 21)


def test_a_single_slice_is_seen_from_the_side_too(tmp_path):
    data = np.zeros((1, 8, 200), np.float32)
    data[..., 150:] = 1
    write_mrc(tmp_path / "v.mrc", data, 10)
    grey = np.asarray(picture_projection(tmp_path / "v.mrc", "XZ", side=100))
    assert grey.shape == (1, 100)
    assert grey[0, 80:].min() == 255
    assert grey[0, :70].max() == 0


def test_the_central_slice_shows_what_is_in_the_middle_only(tmp_path):
    data = np.zeros((21, 32, 48), np.float32)
    data[10, 24:32, 40:48] = 1
    data[2, 0:8, 0:8] = 9
    write_mrc(tmp_path / "v.mrc", data, 10)
    grey = np.asarray(picture_central(tmp_path / "v.mrc", side=48))
    assert grey.shape == (32, 48)
    assert grey[:8, 40:].min() == 255
    assert grey[8:].max() == 0


def test_a_film_goes_from_the_lowest_slab_to_the_highest(volume):
    frames = list(film_through(volume, side=96, frames=10))
    assert len(frames) == 10
    corner = [np.asarray(frame)[8:16, 80:88].mean() for frame in frames]
    # Slabs of 4 slices, and the cube is in the slices 4 to 11.
    assert sorted(np.argsort(corner)[-2:]) == [1, 2]


def test_a_film_has_one_contrast(tmp_path):
    data = np.repeat(np.arange(12, dtype=np.float32), 64).reshape(12, 8, 8)
    write_mrc(tmp_path / "v.mrc", data, 10)
    grey = [np.asarray(frame).mean() for frame in film_through(tmp_path / "v.mrc", side=8)]
    assert len(grey) == 12
    assert grey == sorted(grey)
    assert (grey[0], grey[-1]) == (0, 255)


def test_levels_can_be_given(tmp_path):
    data = np.zeros((5, 8, 8), np.int8)
    data[2, 4] = 50
    write_mrc(tmp_path / "v.mrc", data, 10)
    grey = np.asarray(picture_central(tmp_path / "v.mrc", side=8, between=(0, 20)))
    assert sorted(set(grey.ravel())) == [0, 127]
    frames = [np.asarray(frame).max() for frame in film_through(tmp_path / "v.mrc", side=8, between=(0, 100))]
    assert frames == [0, 0, 127, 0, 0]


def test_a_volume_without_numbers_is_refused(tmp_path):
    write_mrc(tmp_path / "v.mrc", np.zeros((4, 8, 8), np.float32), 10)
    data = bytearray((tmp_path / "v.mrc").read_bytes())
    data[1024:] = np.full(256, np.nan, np.float32).tobytes()
    (tmp_path / "v.mrc").write_bytes(data)
    for draw in (picture_central, lambda path: picture_projection(path, "XY"), film_through):
        with pytest.raises(FormatError, match="not finite"):
            draw(tmp_path / "v.mrc")


def test_a_truncated_volume_is_refused(volume):
    volume.write_bytes(volume.read_bytes()[:-100_000])
    with pytest.raises(FormatError, match="truncated"):
        picture_central(volume)
