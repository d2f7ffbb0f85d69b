import numpy as np

from tasks.motion_correction.exposure import accumulated_doses, dose_weights


def test_follows_the_formula_of_grant_and_grigorieff():
    doses = accumulated_doses(5, 1.5, 10.0)
    weights = dose_weights(doses, (32, 48), 2.0, 300)
    frequency = np.hypot(4 / (32 * 2.0), 7 / (48 * 2.0))
    critical = 0.245 * frequency**-1.665 + 2.81
    plain = np.exp(-np.array([11.5, 13, 14.5, 16, 17.5]) / (2 * critical))
    np.testing.assert_allclose(weights[:, 4, 7], plain / np.sqrt((plain**2).sum()), rtol=1e-5)


def test_keeps_the_noise_of_one_frame():
    weights = dose_weights(accumulated_doses(7, 2.0, 0.0), (16, 16), 1.0, 200)
    np.testing.assert_allclose((weights**2).sum(axis=0), 1, rtol=1e-5)


def test_weighs_all_frames_alike_at_frequency_zero():
    weights = dose_weights(accumulated_doses(4, 5.0, 0.0), (16, 16), 1.0, 300)
    np.testing.assert_allclose(weights[:, 0, 0], 0.5, rtol=1e-4)
