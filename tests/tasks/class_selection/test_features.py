import numpy as np
import pytest

from tasks.class_selection.features import class_features, shape_features
from tasks.models.classes import ClassAverage

RADIUS = 20.0


def disc(radius, x=0.0, y=0.0):
    rows, columns = np.mgrid[:48, :48] - 24
    return (np.hypot(columns - x, rows - y) < radius).astype(np.float32)


def made(number, particles, resolution):
    return ClassAverage(number=number, particles=particles, fraction=0.1, resolution=resolution)


def test_a_centred_disc_is_compact_and_centred():
    assert shape_features(disc(10), RADIUS) == (1.0, 1.0)


def test_density_at_the_edge_of_the_mask_is_neither():
    compactness, centring = shape_features(disc(7, x=18), RADIUS)
    assert compactness < 0.3
    assert centring == 0


def test_noise_is_not_compact():
    noise = np.random.default_rng(81).standard_normal((48, 48)).astype(np.float32)
    assert shape_features(noise, RADIUS)[0] < 0.1


def test_an_average_of_nothing_has_no_shape():
    assert shape_features(np.zeros((48, 48), np.float32), RADIUS) == (0.0, 0.0)


def test_support_and_detail_are_relative_to_the_other_classes():
    classes = [made(1, 90, 8.0), made(2, 9, 16.0), made(3, 0, None)]
    first, second, third = class_features(classes, [disc(10)] * 3, RADIUS)
    assert first.score == pytest.approx(1, abs=0.01)
    assert second.detail == 0.5
    assert second.support < 0.9 < first.support
    assert third.score == 0


def test_a_tiny_class_does_not_set_the_finest_resolution():
    classes = [made(1, 95, 10.0), made(2, 5, 4.0)]
    assert class_features(classes, [disc(10)] * 2, RADIUS)[0].detail == 1
