import numpy as np
import pytest

from tasks.segmentation.coarse import averaged, spread


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_averages_are_those_of_cubes(factor):
    volume = np.random.default_rng(3).normal(size=(7, 10, 9)).astype(np.float32)
    found = averaged(volume, factor)
    assert found.shape == tuple(length // factor for length in volume.shape)
    np.testing.assert_allclose(found[1, 1, 1], volume[(slice(factor, 2 * factor),) * 3].mean(), atol=1e-6)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_labels_come_back_to_where_they_were_found(factor):
    labels = np.arange(1, 2 * 3 * 3 + 1, dtype=np.int16).reshape(2, 3, 3)
    shape = (2 * factor + factor - 1, 3 * factor, 3 * factor + factor - 1)
    whole = np.stack(list(spread(labels, factor, shape)))
    assert whole.shape == shape
    np.testing.assert_array_equal(averaged(whole.astype(np.float32), factor)[:2, :3, :3], labels)
    assert np.count_nonzero(whole) == labels.size * factor**3
