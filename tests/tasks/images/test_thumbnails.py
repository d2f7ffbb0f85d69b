import numpy as np

from tasks.formats.mrc import write_mrc
from tasks.images import picture_image, picture_volume
from tasks.images.thumbnails import binned


def test_a_volume_shows_xy_above_xz(tmp_path):
    volume = np.zeros((9, 16, 32), np.float32)
    volume[4, 14, 2] = 1
    volume[8, 8, 16] = 1
    write_mrc(tmp_path / "v.mrc", volume, 1)
    grey = np.asarray(picture_volume(tmp_path / "v.mrc", side=32, thickness=1))
    assert grey.shape == (16 + 4 + 9, 32)
    assert np.argwhere(grey == 255).tolist() == [[1, 2], [20, 16]]


def test_an_image_is_binned_before_it_is_scaled(tmp_path):
    image = np.random.default_rng(1).normal(size=(90, 120)).astype(np.float32)
    write_mrc(tmp_path / "i.mrc", image, 1)
    assert picture_image(tmp_path / "i.mrc", side=30).size == (30, 23)


def test_blocks_are_summed_and_an_incomplete_one_is_left_out():
    image = np.arange(35, dtype=np.uint8).reshape(5, 7)
    summed = binned(image, 2)
    assert summed.shape == (2, 3)
    assert summed[0, 0] == 0 + 1 + 7 + 8
    assert summed[1, 2] == 18 + 19 + 25 + 26
