import array_api_strict
import numpy as np
import pytest

from tasks.motion_correction.summation import Tiling, choose_tiling, sum_frames, sum_tile
from tasks.motion_correction.trajectory import Trajectory, still


def test_tiles_of_still_frames_add_to_their_plain_sum():
    frames = np.random.default_rng(1).poisson(9, (3, 170, 210)).astype(np.uint8)
    gain = np.full((170, 210), 0.5, np.float32)
    sums = sum_frames(list(frames), gain, still(3), None, Tiling(96, 24))
    np.testing.assert_allclose(sums.unweighted, frames.sum(axis=0) * 0.5, atol=1e-3)
    np.testing.assert_allclose(sums.even, frames[1] * 0.5, atol=1e-3)
    np.testing.assert_allclose(sums.odd, (frames[0] + frames[2].astype(int)) * 0.5, atol=1e-3)


def test_moves_frames_back_by_whole_and_broken_pixels():
    y, x = np.mgrid[:160, :160]
    shifts = np.array([(0, 0), (5.25, -3.5)])
    frames = [np.cos(0.3 * (x - along_x) + 0.2 * (y - along_y)).astype(np.float32) for along_x, along_y in shifts]
    trajectory = Trajectory(shifts, np.zeros((len(shifts), 2, 5)))
    sums = sum_frames(frames, np.ones((160, 160), np.float32), trajectory, None, Tiling(96, 24))
    inner = (slice(20, -20), slice(20, -20))
    assert np.abs(sums.unweighted - 2 * frames[0])[inner].max() < 0.15


def test_runs_in_parts_as_well():
    frames = np.random.default_rng(2).poisson(9, (4, 130, 130)).astype(np.uint8)
    trajectory = Trajectory(np.array([(0, 0), (1.5, 2), (2, 2.5), (3, 3.0)]), np.zeros((4, 2, 5)))
    gain, tiling = np.ones((130, 130), np.float32), Tiling(96, 24)
    weights = np.random.default_rng(3).uniform(0, 1, (4, 96, 49)).astype(np.float32)
    whole = sum_frames(list(frames), gain, trajectory, weights, tiling)
    parts = sum_frames(list(frames[:2]), gain, trajectory, weights, tiling)
    parts += sum_frames(list(frames[2:]), gain, trajectory, weights, tiling, first=2)
    np.testing.assert_allclose(parts.odd, whole.odd, atol=1e-3)
    np.testing.assert_allclose(parts.even, whole.even, atol=1e-3)


def test_takes_smaller_tiles_where_the_motion_is_steeper():
    sizes = [choose_tiling((1024, 1024), slope).size for slope in (0, 0.002, 1.0)]
    assert sizes[0] > sizes[1] > sizes[2]


@pytest.mark.parametrize("has_filters", [True, False])
def test_a_tile_needs_the_array_standard_only(has_filters):
    random = np.random.default_rng(4)
    stack = random.standard_normal((5, 32, 32)).astype(np.float32)
    filters = random.uniform(0, 1, (5, 32, 17)).astype(np.float32) if has_filters else None
    moved = random.uniform(-1, 1, (5, 2))
    strict = sum_tile(
        array_api_strict.asarray(stack), moved, None if filters is None else array_api_strict.asarray(filters)
    )
    np.testing.assert_allclose(np.asarray(strict), sum_tile(stack.copy(), moved, filters), atol=1e-4)
