import numpy as np
import pytest

from tasks.errors import InputError
from tasks.motion_correction.defects import Repair, dead_pixels, hot_pixels


def counts(seed=3, mean=40, shape=(80, 96)):
    return np.random.default_rng(seed).poisson(mean, shape).astype(np.float32)


def test_finds_hot_pixels_and_nothing_else():
    image = counts()
    image[[7, 40, 79], [9, 0, 95]] = [160, 400, 5000]
    found = hot_pixels(image, np.zeros(image.shape, bool))
    assert set(zip(*np.nonzero(found), strict=True)) == {(7, 9), (40, 0), (79, 95)}


def test_spares_a_bright_hole_in_the_ice():
    image = counts(shape=(256, 256))
    image[100:112, 60:72] += 60
    assert not hot_pixels(image, np.zeros(image.shape, bool)).any()


def test_finds_dead_pixels_only_where_chance_cannot_leave_any():
    bright, dim = counts(), counts(mean=2)
    bright[3, 4] = 0
    dim[3, 4] = 0
    assert np.argwhere(dead_pixels(bright)).tolist() == [[3, 4]]
    assert not dead_pixels(dim).any()


def test_replaces_bad_pixels_by_good_neighbours():
    bad = np.zeros((60, 60), bool)
    bad[10, 10] = bad[59, 0] = True
    bad[:, 30:33] = True
    frame = np.arange(3600, dtype=np.float32).reshape(60, 60)
    good = set(frame[~bad].tolist())
    Repair(bad).apply(frame, 5)
    assert set(frame[bad].tolist()) <= good
    assert abs(frame[10, 10] // 60 - 10) <= 4


def test_replaces_differently_in_each_frame_but_reproducibly():
    bad = np.zeros((40, 40), bool)
    bad[::7, ::7] = True
    repaired = []
    for number in (0, 1, 0):
        frame = np.arange(1600.0).reshape(40, 40)
        Repair(bad).apply(frame, number)
        repaired.append(frame)
    assert (repaired[0] == repaired[2]).all()
    assert (repaired[0] != repaired[1]).any()


def test_refuses_a_camera_without_good_pixels():
    with pytest.raises(InputError, match="every pixel"):
        Repair(np.ones((4, 4), bool))
