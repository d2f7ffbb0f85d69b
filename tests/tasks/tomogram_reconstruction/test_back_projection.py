import array_api_strict as strict
import numpy as np

from tasks.tomogram_reconstruction.back_projection import planes
from tasks.tomogram_reconstruction.resampling import OVERSAMPLING


def test_a_point_is_smeared_along_the_beam():
    images = np.zeros((1, 20 * OVERSAMPLING, 2), np.float32)
    images[0, 10 * OVERSAMPLING, 1] = 1
    volume = np.stack(list(planes(images, [45.0], (7, 12))))
    assert volume.shape == (7, 2, 12)
    assert volume[:, 0].max() == 0
    np.testing.assert_array_equal(volume[:, 1].argmax(axis=1), 6 - (np.arange(7) - 3))


def test_any_array_library_gives_what_numpy_gives():
    random = np.random.default_rng(1)
    images = random.normal(size=(5, 24 * OVERSAMPLING, 6)).astype(np.float32)
    angles = [-60.0, -20.5, 0.0, 33.0, 60.0]
    expected = np.stack(list(planes(images, angles, (9, 30))))
    found = [np.asarray(plane) for plane in planes(strict.asarray(images), angles, (9, 30))]
    np.testing.assert_allclose(np.stack(found), expected, atol=1e-4)


def test_what_no_image_shows_is_zero():
    images = np.ones((1, 8 * OVERSAMPLING, 3), np.float32)
    (plane,) = planes(images, [0.0], (1, 40))
    np.testing.assert_array_equal(plane[1, :14], 0)
    np.testing.assert_array_equal(plane[1, 17:23], 1)
