import numpy as np
import pytest

from tasks.errors import FormatError
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


def test_smoothing_shows_more_in_noise(tmp_path):
    image = np.random.default_rng(1).normal(size=(128, 128)).astype(np.float32)
    image[96:, :32] += 2
    write_mrc(tmp_path / "i.mrc", image, 1)
    plain, smooth = (
        np.asarray(picture_image(tmp_path / "i.mrc", 128, smoothing=smoothing), float) for smoothing in (0, 1.5)
    )
    for grey in plain, smooth:
        assert grey[:32, :32].mean() > grey[40:, 40:].mean() + 30
    difference = [(grey[:32, :32].mean() - grey[40:, 40:].mean()) / grey[40:, 40:].std() for grey in (plain, smooth)]
    assert difference[1] > 2 * difference[0]


def test_a_section_that_the_file_has_not_is_refused(tmp_path):
    write_mrc(tmp_path / "i.mrc", np.ones((2, 8, 8), np.float32), 1, stack=True)
    with pytest.raises(FormatError, match="2 sections"):
        picture_image(tmp_path / "i.mrc", 8, section=2)


def test_blocks_are_summed_and_an_incomplete_one_is_left_out():
    image = np.arange(35, dtype=np.uint8).reshape(5, 7)
    summed = binned(image, 2)
    assert summed.shape == (2, 3)
    assert summed[0, 0] == 0 + 1 + 7 + 8
    assert summed[1, 2] == 18 + 19 + 25 + 26
