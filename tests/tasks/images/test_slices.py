import mrcfile
import numpy as np
import pytest
from PIL import Image

from tasks.images import central_slices, contrast, picture_slices


@pytest.fixture
def volume(tmp_path):
    """A dark volume of (z, y, x) = (8, 16, 32) with one bright voxel high in y, left in x and high in z."""
    data = np.zeros((8, 16, 32), np.float32)
    data[4, 14, 2] = data[7, 8, 16] = 1
    path = tmp_path / "volume.mrc"
    with mrcfile.new(path) as file:
        file.set_data(data)
    return path


def test_slices_go_through_the_centre(volume):
    xy, xz, zy = central_slices(volume, thickness=1)
    assert (xy.shape, xz.shape, zy.shape) == ((16, 32), (8, 32), (16, 8))
    assert np.argwhere(xy).tolist() == [[14, 2]]
    assert np.argwhere(xz).tolist() == [[7, 16]]
    assert np.argwhere(zy).tolist() == [[8, 7]]


def test_y_points_up_in_the_picture(volume, tmp_path):
    picture = np.asarray(Image.open(picture_slices(volume, tmp_path / "slices.png", longest=44)))
    assert picture.shape == (16 + 4 + 8, 32 + 4 + 8)
    assert picture[1, 2] == 255
    assert picture[0:1, 10].max() == 0


def test_contrast_uses_the_full_range_and_survives_a_constant_image():
    image = np.random.default_rng(1).normal(100, 5, (50, 50))
    image[0, 0] = 1e6
    grey = contrast(image)
    assert (grey.min(), grey.max()) == (0, 255)
    assert 60 < np.median(grey) < 195
    assert contrast(np.ones((4, 4))).max() == 0
