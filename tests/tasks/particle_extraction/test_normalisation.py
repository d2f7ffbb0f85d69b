"""The numerics on an array library that allows the standard only."""

import array_api_strict
import numpy as np
import pytest

from tasks.particle_extraction.boxes import boxes_within, cut
from tasks.particle_extraction.normalisation import Background, binned, normalised

IMAGES = np.random.default_rng(3).normal(50, 4, (3, 24, 24)).astype(np.float32)


@pytest.mark.parametrize("namespace", [np, array_api_strict])
@pytest.mark.parametrize("dust", [None, 2.5])
def test_the_background_has_mean_0_and_deviation_1(namespace, dust):
    background = Background(24, 9)
    found = np.asarray(normalised(namespace.asarray(IMAGES), background, dust)).reshape(3, -1)[:, background.outside]
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("namespace", [np, array_api_strict])
def test_a_plane_disappears(namespace):
    y, x = np.indices((24, 24)).astype(np.float32)
    background = Background(24, 9)
    tilted = normalised(namespace.asarray(IMAGES + 3 * x - 2 * y + 7), background, None)
    np.testing.assert_allclose(tilted, normalised(IMAGES, background, None), atol=1e-3)


@pytest.mark.parametrize("namespace", [np, array_api_strict])
def test_boxes_are_cut_and_binned(namespace):
    y, x = np.indices((40, 50)).astype(np.float32)
    boxes = boxes_within(np.array([(20.4, 20.0), (3, 3)]), np.array([1.0, 0.5]), 16, (40, 50))
    found = np.asarray(cut(namespace.asarray(100 * y + x), boxes.centres, 16))
    assert found.shape == (1, 16, 16)
    assert found[0, 8, 8] == 2020
    assert (len(boxes), boxes.left_out) == (1, 1)
    small = np.asarray(binned(namespace.asarray(IMAGES), 12))
    np.testing.assert_allclose(small.mean(axis=(1, 2)), IMAGES.mean(axis=(1, 2)), rtol=1e-5)


def test_an_even_image_stays_finite():
    assert np.isfinite(normalised(np.full((1, 24, 24), 5, np.float32), Background(24, 9), 3.0)).all()
