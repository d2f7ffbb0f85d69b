import array_api_strict
import numpy as np
from motion_correction_movies import drift, moving_counts

from tasks.motion_correction.measure import measure_motion
from tasks.motion_correction.patches import Exposure
from tasks.motion_correction.reduction import reduce_frames, reduction

EXPOSURE = Exposure(pixel_size=2.0, resolution=6.0, dose_per_frame=1.0, voltage=300.0)


def frames_of(counts):
    return [frame.astype(np.float32) - np.float32(frame.mean()) for frame in counts]


def test_needs_the_array_standard_only():
    path = drift(5, seed=201)
    frames = frames_of(moving_counts((160, 160), path, seed=201))
    plain = measure_motion(frames, EXPOSURE, (3, 3))
    strict = measure_motion([array_api_strict.asarray(frame) for frame in frames], EXPOSURE, (3, 3))
    np.testing.assert_allclose(strict.trajectory.globally, plain.trajectory.globally, atol=1e-3)


def test_follows_a_drift_that_is_far_longer_than_a_patch_step():
    path = drift(8, seed=202, length=40.0)
    found = measure_motion(frames_of(moving_counts((320, 320), path, seed=202)), EXPOSURE, (1, 1)).trajectory
    error = found.globally - path
    assert np.abs(error - error.mean(axis=0)).max() < 0.3


def test_reduces_only_as_far_as_the_resolution_allows():
    assert [reduction(size, 6.0) for size in (0.5, 1.0, 1.5, 5.0)] == [5, 2, 1, 1]


def test_reduces_frames_by_sums_of_squares():
    frame = np.arange(35, dtype=np.uint8).reshape(5, 7)
    reduced = reduce_frames([frame], np.full((5, 7), 2, np.float32), 2, "cpu")[0]
    sums = 2.0 * frame[:4, :6].reshape(2, 2, 3, 2).sum(axis=(1, 3))
    np.testing.assert_allclose(reduced, sums - sums.mean(), rtol=1e-6)
