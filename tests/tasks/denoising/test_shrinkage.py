import array_api_strict as strict
import numpy as np
import pytest

from tasks.denoising.shrinkage import agreements, by_halves, by_noise, noise_powers, shrink

SHAPE = (36, 40, 48)


@pytest.fixture
def halves():
    random = np.random.default_rng(1)
    signal = random.normal(size=SHAPE)
    signal[:, :, 24:] = 0
    return [(signal + random.normal(size=SHAPE)).astype(np.float32) for _ in range(2)]


def test_half_of_the_volume_without_signal_is_weakened_more(halves):
    whole = (halves[0] + halves[1]) / 2
    found = shrink(whole, halves, by_halves(agreements(*halves)))
    kept = found.std(axis=(0, 1)) / whole.std(axis=(0, 1))
    assert kept[6:18].mean() > 0.5
    assert kept[30:42].mean() < 0.25


def test_signal_everywhere_alike_is_weighed_by_its_global_correlation():
    random = np.random.default_rng(2)
    signal = random.normal(size=SHAPE)
    halves = [(signal + random.normal(size=SHAPE)).astype(np.float32) for _ in range(2)]
    highest = agreements(*halves)[-1]
    assert highest.correlation == pytest.approx(0.5, abs=0.02)
    assert highest.trust < 0.6


def test_white_noise_is_recognised_in_every_band():
    noise = np.random.default_rng(3).normal(size=(64, 64, 64)).astype(np.float32)
    found = shrink(noise, [noise], by_noise(noise_powers(noise)))
    assert found.std() < 0.35


def test_any_array_library_gives_what_numpy_gives(halves):
    whole = (halves[0] + halves[1]) / 2
    expected = shrink(whole, halves, by_halves(agreements(*halves)))
    others = [strict.asarray(half) for half in halves]
    found = shrink(strict.asarray(whole), others, by_halves(agreements(*others)))
    np.testing.assert_allclose(np.asarray(found), expected, atol=1e-4)
    alone = shrink(others[0], [others[0]], by_noise(noise_powers(others[0])))
    expected = shrink(halves[0], [halves[0]], by_noise(noise_powers(halves[0])))
    np.testing.assert_allclose(np.asarray(alone), expected, atol=1e-4)
