import numpy as np
import pytest

from tasks.simulation.camera import build_camera

CAMERA = build_camera((200, 300), gain=True, hot=12, dead=7, random=np.random.default_rng(1))
FLAT = np.full((200, 300), 6.0, np.float32)


def test_counts_have_the_noise_of_single_electrons():
    counts = build_camera((200, 300), gain=False, hot=0, dead=0, random=np.random.default_rng(2)).expose(
        FLAT, np.random.default_rng(3)
    )
    assert counts.dtype == np.uint8
    assert counts.mean() == pytest.approx(6, rel=0.01)
    assert counts.var() == pytest.approx(6, rel=0.03)


def test_the_gain_reference_makes_a_flat_image_flat():
    random = np.random.default_rng(4)
    total = sum(CAMERA.expose(FLAT * 20, random).astype(float) for _ in range(20))
    raw, corrected = np.median(total), np.median(total * CAMERA.gain)
    kept = (total > 0.5 * raw) & (total < 1.5 * raw)
    shot = 1 / np.sqrt(6 * 400)
    assert (total[kept] / raw).std() > 1.4 * shot
    assert (total * CAMERA.gain)[kept].std() / corrected == pytest.approx(shot, rel=0.05)


def test_the_gain_is_some_percent_with_quadrants():
    assert CAMERA.gain.mean() == pytest.approx(1, abs=1e-4)
    assert 0.02 < CAMERA.gain.std() < 0.04
    quadrants = [
        CAMERA.gain[rows, columns].mean()
        for rows in (slice(100), slice(100, None))
        for columns in (slice(150), slice(150, None))
    ]
    assert np.ptp(quadrants) > 0.02


def test_hot_and_dead_pixels_are_where_the_truth_says():
    counts = CAMERA.expose(FLAT, np.random.default_rng(5))
    assert len(CAMERA.hot) == 12
    assert len(CAMERA.dead) == 7
    assert min(counts[row, column] for column, row in CAMERA.hot) > 10
    assert {int(counts[row, column]) for column, row in CAMERA.dead} == {0}


def test_many_electrons_need_two_bytes():
    assert CAMERA.expose(FLAT * 100, np.random.default_rng(6)).dtype == np.uint16
