import numpy as np
import pytest

from tasks.errors import ResultError
from tasks.post_processing.threshold import low_passed, mask_threshold


def ball(noise, *, seed=61, size=48, radius=12, scale=1.0):
    along = np.arange(size) - size // 2
    distance = np.sqrt(along[:, None, None] ** 2 + along[:, None] ** 2 + along**2)
    inside = distance < radius
    volume = inside + noise * np.random.default_rng(seed).standard_normal(inside.shape)
    return (scale * volume).astype(np.float32), inside


@pytest.mark.parametrize("noise", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_the_mask_covers_the_particle_and_little_else(noise, scale):
    volume, inside = ball(noise, scale=scale)
    mask = low_passed(volume, 2.0, 12.0) > mask_threshold(volume, 2.0, 12.0)
    assert mask[inside].mean() > 0.95
    assert mask[~inside].mean() < 0.05


def test_noise_alone_is_no_particle():
    volume, _ = ball(1.0, radius=0)
    with pytest.raises(ResultError, match="no particle stands out"):
        mask_threshold(volume, 2.0, 12.0)
