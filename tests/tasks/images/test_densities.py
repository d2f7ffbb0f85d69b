import numpy as np
import pytest

from tasks.formats.mrc import write_mrc
from tasks.images import picture_density


def bright(picture, row, column):
    """Return where a view is bright, as shares of its width and height from the upper left."""
    side, step = 160, 164
    tile = np.asarray(picture)[row * step : row * step + side, column * step : column * step + side]
    down, across = np.argwhere(tile > 200).mean(axis=0) / side
    return across, down


def test_a_density_is_seen_along_z_y_and_x(tmp_path):
    volume = np.zeros((20, 20, 20), np.float32)
    volume[14:16, 4:6, 9:11] = 1
    write_mrc(tmp_path / "a.mrc", volume, 2)
    picture = picture_density(tmp_path / "a.mrc")
    assert picture.size == (3 * 160 + 8, 2 * 160 + 4)
    # x to the right, or y where the view is along x; y or z upwards.
    assert bright(picture, 0, 0) == pytest.approx((0.5, 0.75), abs=0.02)
    assert bright(picture, 0, 1) == pytest.approx((0.5, 0.25), abs=0.02)
    assert bright(picture, 0, 2) == pytest.approx((0.25, 0.25), abs=0.02)
    # The slice through the middle along x alone goes through it.
    assert bright(picture, 1, 2) == pytest.approx((0.25, 0.25), abs=0.02)


def test_a_density_that_is_not_a_cube_keeps_its_proportions(tmp_path):
    write_mrc(tmp_path / "a.mrc", np.ones((5, 10, 20), np.float32), 2)
    assert picture_density(tmp_path / "a.mrc").size == (3 * 160 + 8, 2 * 160 + 4)
