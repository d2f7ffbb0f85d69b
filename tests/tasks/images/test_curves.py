import numpy as np

from tasks.images.curves import picture_curves


def blue(picture) -> np.ndarray:
    pixels = np.asarray(picture).astype(int)
    return (pixels[:, :, 2] - pixels[:, :, 0]) > 100


def test_a_curve_that_falls_runs_downwards_to_the_right():
    falling = [(100.0, 1.0), (20.0, 0.6), (10.0, 0.0)]
    picture = blue(picture_curves("title", {"flat": [(100.0, 0.5), (10.0, 0.5)], "falling": falling}, {"0.143": 0.143}))
    rows, columns = np.nonzero(picture[64:408, 57:696])
    assert np.corrcoef(rows, columns)[0, 1] > 0.9
    assert rows[columns.argmax()] > rows[columns.argmin()] + 150


def test_finer_resolutions_are_farther_to_the_right():
    columns = []
    for finest in (10.0, 20.0):
        step = [(100.0, 0.9), (40.0, 0.9), (39.9, 0.1), (finest, 0.1)]
        picture = blue(picture_curves("title", {"other": [(100.0, 0.5), (finest, 0.5)], "step": step}, {}))
        columns.append(int(picture[200:260].any(axis=0).nonzero()[0].mean()))
    assert columns[1] > 1.5 * columns[0] - 56
