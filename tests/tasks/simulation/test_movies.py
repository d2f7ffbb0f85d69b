import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tasks.formats.defects import read_defects
from tasks.formats.frames import frame_shape, read_frames
from tasks.formats.gain import gain_of
from tasks.formats.mrc import write_mrc
from tasks.numerics.fourier import irfft2, rfft2, shift
from tasks.simulation import Drift, MoviesTruth, SimulatedMovies, simulate_micrograph, simulate_movie

SMALL = SimulatedMovies(seed=21, shape=(160, 200), pixel_size=3, frames=4, dose_per_frame=8, particles=4)


def darkness(image, truth):
    smooth = gaussian_filter(image, 2)
    places = [(round(p.y), round(p.x)) for p in truth.particles]
    inside = [smooth[y, x] for y, x in places if 0 <= y < image.shape[0] and 0 <= x < image.shape[1]]
    return (np.median(smooth) - np.mean(inside)) / smooth.std()


def test_the_truth_can_be_read_back(simulated_movies):
    path = simulated_movies.gain.with_name("truth.json")
    assert MoviesTruth.read(path) == simulated_movies


def test_particles_are_dark_where_the_truth_says(simulated_movies):
    found = []
    for truth in simulated_movies.movies:
        total = np.sum(list(read_frames(truth.movie)), axis=0) * gain_of(truth.movie)
        assert len(truth.particles) >= 3
        found.append(darkness(np.minimum(total, np.percentile(total, 99)), truth))
    assert np.mean(found) > 0.8


def test_corrected_frames_have_the_dose(simulated_movies):
    movie = simulated_movies.movies[0].movie
    frames = np.stack(list(read_frames(movie))) * gain_of(movie)
    assert np.median(frames) == pytest.approx(4 * 2**2 * np.exp(-350 / 3500), rel=0.1)


@pytest.mark.parametrize("frame_format", ["mrc", "eer"])
def test_formats_hold_the_same_frames(tmp_path, frame_format):
    parameters = SMALL.model_copy(update={"dose_per_frame": 0.05, "hot_pixels": 0, "dead_pixels": 0})
    truth = parameters.model_copy(update={"frame_format": frame_format}).simulate(tmp_path)
    movie = truth.movies[0].movie
    expected, _ = simulate_movie(parameters)
    found = np.stack(list(read_frames(movie)))
    assert frame_shape(movie) == (160, 200)
    # Two electrons in a pixel of one hardware frame of an EER file count once.
    lost = 1 - found.sum() / expected.sum()
    assert 0 <= lost < (0.03 if frame_format == "eer" else 1e-9)
    assert np.all(found <= expected)
    # The reference of an EER movie holds sensitivities, whose reciprocals are known up to a factor.
    ratio = gain_of(movie) / parameters.camera().gain
    assert ratio == pytest.approx(1, abs=2e-3)
    assert np.ptp(ratio) < 1e-5


def test_defects_count_nothing_and_are_told(tmp_path):
    parameters = SMALL.model_copy(update={"defects": ((10, 100, 3, 60), (50, 7, 20, 4)), "frames": 1})
    movie = parameters.simulate(tmp_path).movies[0].movie
    frame = next(read_frames(movie))
    told = read_defects(movie.acquisition.defects, frame.shape)
    assert told.sum() == 3 * 60 + 20 * 4
    assert frame[told].max() == 0
    assert np.median(frame[~told]) > 0


def test_undoing_the_true_motion_sharpens_the_sum():
    drift = Drift(rise=0, slide=15, decay=10, jitter=0.5, local=8)
    parameters = SMALL.model_copy(update={"drift": drift, "frames": 6, "dose_per_frame": 3, "particles": 8})
    exposure, truth = parameters.expose(0)
    frames = np.stack(list(exposure.expected()))
    back = [(-x / 3, -y / 3) for x, y in truth.displacements]
    globally = [irfft2(shift(rfft2(f), d, f.shape), f.shape) for f, d in zip(frames, back, strict=True)]
    assert sharpness(globally) > 1.05 * sharpness(frames)


def test_the_local_field_says_where_parts_of_the_image_went():
    # One frame is compared with the first one, in patches: their shift is the field there.
    drift = Drift(rise=0, slide=0, jitter=0, local=12)
    still = {"dose_per_frame": 1e-3, "frames": 2, "particles": 0, "shape": (240, 240)}
    exposure, truth = SMALL.model_copy(update={"drift": drift, **still}).expose(0)
    first, last = (np.log(frame) for frame in exposure.expected())
    errors, sizes = [], []
    for row, column in ((30, 30), (30, 170), (170, 30), (170, 170), (100, 100)):
        a, b = (image[row : row + 48, column : column + 48] for image in (first, last))
        window = np.hanning(48)[:, None] * np.hanning(48)
        peak = irfft2(rfft2((b - b.mean()) * window) * np.conj(rfft2((a - a.mean()) * window)), (48, 48))
        y, x = ((np.array(np.unravel_index(peak.argmax(), peak.shape)) + 24) % 48 - 24) * 3.0
        expected = truth.local.displacement(1, (column + 24) / 240 - 0.5, (row + 24) / 240 - 0.5)
        errors.append(np.hypot(x - expected[0], y - expected[1]))
        sizes.append(np.hypot(*expected))
    assert max(sizes) > 6
    assert max(errors) < 3


def test_a_micrograph_has_the_mean_1_and_the_noise_of_its_dose():
    image, truth = simulate_micrograph(SMALL.model_copy(update={"particles": 0}))
    assert image.shape == (160, 200)
    assert image.mean() == pytest.approx(1, abs=1e-4)
    electrons = 32 * 9 * np.exp(-350 / 3500)
    assert image.std() > 1 / np.sqrt(electrons)
    assert image.std() < 1.5 / np.sqrt(electrons)
    assert truth.displacements == ((0, 0),)


def test_particles_do_not_overlap_and_have_the_mass_of_a_map(tmp_path):
    ball = np.zeros((32, 32, 32), np.float32)
    ball[10:22, 12:20, 14:18] = 1
    write_mrc(tmp_path / "ball.mrc", ball, 4.0)
    parameters = SMALL.model_copy(update={"density": tmp_path / "ball.mrc", "particles": 200})
    _, truth = simulate_movie(parameters)
    places = np.array([(p.x, p.y) for p in truth.particles])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)[~np.eye(len(places), dtype=bool)]
    assert apart.min() * 3 > 150
    assert len(places) < 200


def sharpness(frames):
    total = np.sum(frames, axis=0)[24:-24, 24:-24]
    return (gaussian_filter(total, 1) - gaussian_filter(total, 4)).std()
