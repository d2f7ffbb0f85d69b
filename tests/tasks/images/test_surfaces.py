import numpy as np

from tasks.images.surfaces import picture_surface, shaded


def ball(centre, radius=6.0, size=32):
    z, y, x = np.indices((size, size, size))
    distance = np.sqrt((z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2)
    return (radius - distance).astype(np.float32)


def test_a_ball_is_seen_where_it_is_lit_from_above_left():
    grey = shaded(ball((16, 16, 20)), 0.0)
    seen = grey < 255
    rows, columns = seen.nonzero()
    assert (round(rows.mean()), round(columns.mean())) == (16, 20)
    assert abs(seen.sum() / (np.pi * 36) - 1) < 0.15
    # Rows count upwards.
    assert grey[19, 17] > grey[13, 23] + 50


def test_what_is_nearer_to_the_eye_hides_what_is_behind():
    near, far = ball((26, 16, 16), 4), ball((6, 16, 16), 4)
    both = shaded(np.maximum(near, far), 0.0)
    assert np.array_equal(both, shaded(near, 0.0))
    assert shaded(far, 0.0)[16, 16] < both[16, 16]


def test_three_views_stand_beside_each_other():
    picture = np.asarray(picture_surface(ball((16, 16, 24)), 0.0))
    views = np.split(picture < 250, 3, axis=1)
    middles = [view.nonzero()[1].mean() / view.shape[1] for view in views]
    # Along z and y it is seen to the right; along x it is in the middle.
    assert middles[0] > 0.65
    assert middles[1] > 0.65
    assert abs(middles[2] - 0.5) < 0.05
