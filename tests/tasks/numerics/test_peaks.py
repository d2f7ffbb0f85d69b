import numpy as np

from tasks.numerics.peaks import find_peaks


def hills(centres, shape=(60, 80)):
    y, x = np.indices(shape)
    return sum(height * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 18) for cx, cy, height in centres).astype(np.float32)


EVERYWHERE = np.ones((60, 80), bool)


def test_finds_tops_between_pixels_with_the_highest_first():
    found = find_peaks(hills([(20.3, 30.4, 1.0), (60.0, 15.2, 2.0)]), EVERYWHERE, 10, 5)
    np.testing.assert_allclose(found.places, [(60.0, 15.2), (20.3, 30.4)], atol=0.05)
    assert found.heights[0] > found.heights[1]


def test_of_two_that_are_near_the_higher_one_stays():
    found = find_peaks(hills([(20, 30, 1.0), (33, 30, 2.0)]), EVERYWHERE, 15, 5)
    np.testing.assert_allclose(found.places, [(33, 30)], atol=0.1)


def test_one_that_was_beaten_beats_no_other():
    found = find_peaks(hills([(15, 30, 3.0), (30, 30, 2.0), (45, 30, 1.0)]), EVERYWHERE, 18, 5)
    np.testing.assert_allclose(found.places, [(15, 30), (45, 30)], atol=0.2)


def test_keeps_to_the_margin_and_to_what_is_allowed():
    scores = hills([(3, 30, 1.0), (40, 30, 1.0), (70, 30, 1.0)])
    assert len(find_peaks(scores, EVERYWHERE, 10, 5)) == 2
    assert len(find_peaks(scores, np.indices((60, 80))[1] < 50, 10, 5)) == 1


def test_an_even_map_has_no_peaks():
    assert len(find_peaks(np.zeros((60, 80), np.float32), EVERYWHERE, 10, 5)) == 0
