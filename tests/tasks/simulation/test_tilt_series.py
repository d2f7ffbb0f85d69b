import numpy as np

from tasks.formats.frames import read_frames
from tasks.simulation import SimulatedTiltSeries, TiltSeriesTruth, simulate_tilt_images

SMALL = SimulatedTiltSeries(seed=3, shape=(64, 80), pixel_size=16, largest_tilt=40, tilt_step=20, frames=2)


def test_the_truth_can_be_read_back(simulated_tilt_series):
    path = simulated_tilt_series.mdoc.with_name("truth.json")
    assert TiltSeriesTruth.read(path) == simulated_tilt_series


def test_frames_have_the_dose_that_the_truth_says(simulated_tilt_series):
    middle = simulated_tilt_series.tilts[4]
    frames = np.stack(list(read_frames(middle.movie)))
    assert frames.shape == (3, 112, 128)
    expected = 12**2 * np.exp(-1500 / 3500)
    assert abs(np.median(frames) / expected - 1) < 0.1


def test_the_same_seed_gives_the_same_images():
    first, truth = simulate_tilt_images(SMALL)
    second, again = simulate_tilt_images(SMALL)
    assert np.array_equal(first, second)
    assert truth == again


def test_another_seed_gives_other_images():
    first, _ = simulate_tilt_images(SMALL)
    second, _ = simulate_tilt_images(SMALL.model_copy(update={"seed": 4}))
    assert abs(np.corrcoef(first[2].ravel(), second[2].ravel())[0, 1]) < 0.2
