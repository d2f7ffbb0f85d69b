import numpy as np
import pytest

from tasks.numerics.shells import (
    central_blocks,
    central_correlation,
    fourier_shell_correlation,
    resolution,
    shell_count,
)


def halves(seed, shape, ratio):
    random = np.random.default_rng(seed)
    signal = random.normal(size=shape)
    return [(signal + ratio * random.normal(size=shape)).astype(np.float32) for _ in range(2)]


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_white_signal_in_white_noise_has_the_correlation_of_theory(ratio):
    first, second = halves(1, (40, 48, 36), ratio)
    curve = fourier_shell_correlation(first, second)
    assert len(curve) == shell_count((40, 48, 36)) == 25
    assert curve[6:].mean() == pytest.approx(1 / (1 + ratio**2), abs=0.03)


def test_blocks_about_the_centre_give_nearly_what_the_whole_gives():
    first, second = halves(2, (40, 70, 100), 1.0)
    curve = central_correlation(first, second, edge=32)
    assert curve[4:].mean() == pytest.approx(0.5, abs=0.03)


def test_blocks_lie_within_the_volume_and_do_not_overlap():
    shape = (20, 70, 100)
    seen = np.zeros(shape, int)
    for block in central_blocks(shape, 32, 4):
        seen[block] += 1
    assert seen.max() == 1
    assert seen.sum() == 4 * 20 * 32 * 32


def test_the_resolution_lies_where_the_curve_crosses_the_threshold():
    curve = np.array([1, 1, 0.9, 0.543, -0.257, 0.1, 0])
    assert resolution(curve, 10.0) == pytest.approx(2 * 10 * 6 / 3.5)
    assert resolution(np.ones(7), 10.0) == pytest.approx(20.0)
    assert resolution(np.zeros(7), 10.0) == pytest.approx(120.0)
