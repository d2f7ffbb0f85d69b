import numpy as np
from motion_correction_movies import drift, moving_counts

from tasks.motion_correction.fit import gradient
from tasks.motion_correction.patches import Exposure, cut_patches
from tasks.motion_correction.signal_model import aligned, find_signal
from tasks.motion_correction.trajectory import LOCAL_TERMS, Trajectory

EXPOSURE = Exposure(pixel_size=2.0, resolution=6.0, dose_per_frame=1.0, voltage=300.0)
FRAMES = 6


def patches_of(counts):
    frames = [frame.astype(np.float32) - np.float32(frame.mean()) for frame in counts]
    return cut_patches(frames, np.zeros((FRAMES, 2)), (2, 2), EXPOSURE)


def test_gradient_is_that_of_the_likelihood():
    path = drift(FRAMES, seed=301, length=3.0)
    patches = patches_of(moving_counts((128, 128), path, seed=301))
    patch = patches.patches[1]
    signal = find_signal(patches, Trajectory(path, np.zeros((FRAMES, 2, LOCAL_TERMS))))

    def likelihood(displacements):
        moved = aligned(patches, patch, displacements).astype(complex)
        weights = signal.weights[patches.band.rings()]
        power = np.einsum("fn,nfg,gn->n", moved.conj(), weights, moved).real
        return float((power * patches.band.multiplicity).sum())

    found = gradient(patches, signal, patch, path)
    for frame, axis in ((0, 0), (3, 1)):
        change = np.zeros_like(path)
        change[frame, axis] = 1e-2
        slope = (likelihood(path + change) - likelihood(path - change)) / 2e-2
        np.testing.assert_allclose(found[frame, axis], slope, rtol=0.02, atol=0.05)


def test_finds_no_signal_in_noise():
    noise = np.random.default_rng(302).poisson(4.0, (FRAMES, 128, 128))
    path = drift(FRAMES, seed=302, length=3.0)
    nowhere = Trajectory(np.zeros((FRAMES, 2)), np.zeros((FRAMES, 2, LOCAL_TERMS)))
    there = Trajectory(path, nowhere.locally)
    blank = np.diag(find_signal(patches_of(noise), nowhere).curvature[0]).sum()
    seen = np.diag(find_signal(patches_of(moving_counts((128, 128), path, seed=302)), there).curvature[0]).sum()
    assert blank < 0.05 * seen
