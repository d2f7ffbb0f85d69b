import array_api_strict as strict
import numpy as np
import pytest

from tasks.tomogram_reconstruction.resampling import OVERSAMPLING, Pose, canvas, upright


def gaussian(shape, x, y):
    rows, columns = np.indices(shape)
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8).astype(np.float32)


@pytest.mark.parametrize("angle", [0, 3.2, 45, 84.2, 133, -93.7, 178])
def test_a_point_comes_to_where_the_axis_is_upright(angle):
    shape, centre, offset = (80, 96), (50.3, 37.8), np.array([9.0, -14.0])
    turn = np.radians(angle)
    x, y = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ offset + centre
    pose = Pose(angle, centre)
    space = canvas(shape, 64, [pose])
    ones = np.ones(space.columns // 2 + 1, np.float32)
    found = upright(gaussian(shape, x, y), pose, space, ones)
    expected = gaussian((64, space.columns), offset[0] + space.columns // 2, offset[1] + 32).T
    np.testing.assert_allclose(found[::OVERSAMPLING], expected, atol=2e-3)


def test_any_array_library_gives_what_numpy_gives():
    pose = Pose(84.2, (21.0, 17.5))
    space = canvas((36, 40), 40, [pose])
    image = np.random.default_rng(1).normal(size=(36, 40)).astype(np.float32)
    weights = np.linspace(0, 1, space.columns // 2 + 1, dtype=np.float32)
    expected = upright(image, pose, space, weights)
    found = upright(strict.asarray(image), pose, space, strict.asarray(weights))
    np.testing.assert_allclose(np.asarray(found), expected, atol=1e-4)
