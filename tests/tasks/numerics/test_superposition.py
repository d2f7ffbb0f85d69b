import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tasks.numerics.superposition import superpose


def balls(turn: Rotation, shift) -> np.ndarray:
    """Some balls without symmetry in 20 voxels, turned and shifted."""
    centres = turn.apply([(4, 0, 0), (0, 3, 1), (-3, -2, 2), (0, 0, -5)]) + shift
    z, y, x = np.indices((20, 20, 20)) - 10
    distances = [(x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2 for a, b, c in centres]
    return sum(weight * np.exp(-square / 4) for weight, square in zip((1, 2, 3, 4), distances, strict=True)).astype(
        np.float32
    )


@pytest.mark.parametrize("seed", [3, 8])
def test_a_density_is_laid_over_its_turned_copy(seed):
    turn, shift = Rotation.random(random_state=seed), np.array([1.5, -2, 0.5])
    moving, fixed = balls(Rotation.identity(), np.zeros(3)), balls(turn, shift)
    found = superpose(moving, fixed)
    assert found.correlation > 0.99
    assert np.degrees((found.turn * turn.inv()).magnitude()) < 2
    assert np.array(found.shift) * 20 == pytest.approx(shift, abs=0.2)
    assert np.corrcoef(found.moved(moving).ravel(), fixed.ravel())[0, 1] > 0.99


def test_the_mirror_image_does_not_fit():
    fixed = balls(Rotation.random(random_state=5), np.zeros(3))
    mirrored = np.ascontiguousarray(balls(Rotation.identity(), np.zeros(3))[:, :, ::-1])
    assert superpose(mirrored, fixed).correlation < 0.97
