import numpy as np

from tasks.segmentation.choosing import Choice, closed, noise_of, parts


def test_a_part_needs_a_strong_voxel_and_a_size():
    scores = np.zeros((3, 12, 12), np.float32)
    scores[1, 1:4, 1:4] = 2
    scores[1, 2, 2] = 9  # strong, of 9 voxels
    scores[1, 6:11, 6:11] = 2
    scores[1, 7, 7] = 9  # strong, of 25
    scores[1, 0, 8] = 9  # strong, of 1
    scores[1, 8:11, 0:3] = 2  # weak
    found = parts(scores, Choice(weak=1, strong=5, voxels=4))
    assert (found[1, 6:11, 6:11] == 1).all(), "the largest is the first"
    assert (found[1, 1:4, 1:4] == 2).all()
    assert np.count_nonzero(found) == 25 + 9


def test_parts_that_touch_by_corners_are_one():
    scores = np.zeros((3, 3, 3), np.float32)
    scores[0, 0, 0] = scores[1, 1, 1] = scores[2, 2, 2] = 1
    assert parts(scores, Choice(0.5, 0.5, 1)).max() == 1


def test_nothing_is_found_in_nothing():
    assert not parts(np.zeros((2, 3, 4), np.float32), Choice(0, 0, 1)).any()
    assert noise_of(np.zeros((2, 3, 4), np.float32)) == 0


def test_the_gap_between_two_leaflets_is_closed_and_nothing_grows():
    mask = np.zeros((20, 12, 12), bool)
    mask[[6, 10]] = True
    found = closed(mask, 2)
    assert found[6:11, 3:-3, 3:-3].all()
    assert not found[:6].any()
    assert not found[11:].any()
    np.testing.assert_array_equal(closed(mask, 1), mask)
