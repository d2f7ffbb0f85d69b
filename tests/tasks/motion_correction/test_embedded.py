import mrcfile
import numpy as np
import pytest
import starfile
from motion_correction_movies import drift, moving_counts

from tasks.errors import InputError, ResultError
from tasks.formats.mrc import header, read_image
from tasks.models import Motion
from tasks.motion_correction import EmbeddedMotion, correct_motion
from tasks.motion_correction.polynomial import evaluate

SHAPE = (200, 240)
FRAMES = 10


def residual(motion: Motion, path, pixel_size=2.0):
    """Return the root mean square error of the global displacements in pixels; what all frames share does not count."""
    error = np.array(motion.displacements) / pixel_size - path
    return float(np.sqrt(((error - error.mean(axis=0)) ** 2).sum(axis=1).mean()))


@pytest.mark.parametrize("seed", [101, 102])
def test_recovers_a_known_drift(make_movie, tmp_path, seed):
    path = drift(FRAMES, seed=seed)
    movie = make_movie(moving_counts(SHAPE, path, seed=seed))
    motion = EmbeddedMotion(patches=(1, 1)).correct(movie, tmp_path / "out")
    assert motion.displacements[0] == (0, 0)
    assert residual(motion, path) < 0.1


def test_recovers_local_motion(make_movie, tmp_path):
    path = drift(FRAMES, seed=103, length=2.0)
    movie = make_movie(moving_counts((320, 320), path, seed=103, local=6.0, rate=10.0))
    motion = EmbeddedMotion(patches=(4, 4)).correct(movie, tmp_path)
    coefficients = -np.array(motion.local_coefficients).reshape(2, 18)
    found = evaluate(coefficients, 0.3, 0.0, FRAMES)[-1] - evaluate(coefficients, -0.3, 0.0, FRAMES)[-1]
    np.testing.assert_allclose(found, (3.6, 0), atol=0.4)


def test_keeps_to_global_motion_where_there_is_no_evidence_for_more(make_movie, tmp_path):
    path = drift(FRAMES, seed=104)
    random = np.random.default_rng(104)
    counts = random.poisson(1.0, (FRAMES, *SHAPE)).astype(np.uint8)
    blank = EmbeddedMotion(patches=(3, 3)).correct(make_movie(counts), tmp_path / "blank")
    assert blank.local_coefficients == ()
    assert np.abs(blank.displacements).max() < 30
    movie = make_movie(moving_counts(SHAPE, path, seed=104, local=6.0, rate=10.0), name="local.tiff")
    limited = EmbeddedMotion(patches=(3, 3), largest_local=0.1).correct(movie, tmp_path / "limited")
    assert limited.local_coefficients == ()


def test_corrects_gain_and_bad_pixels(make_movie, tmp_path):
    random = np.random.default_rng(105)
    gain = (1 + 0.2 * random.standard_normal(SHAPE)).clip(0.5, 1.5).astype(np.float32)
    gain[50, 60:70] = 0
    still = np.zeros((6, 2))
    counts = moving_counts(SHAPE, still, seed=105, gain=np.where(gain == 0, 1, gain), rate=20.0)
    counts[:, 120, 30] = 250
    (tmp_path / "defects.txt").write_text("200 150 3 4\n")
    counts[:, 150:154, 200:203] = 90
    movie = make_movie(counts, gain=gain, defects=tmp_path / "defects.txt")
    corrector = EmbeddedMotion(patches=(1, 1), dose_weighting=False)
    motion = corrector.correct(movie, tmp_path / "with")
    image = read_image(motion.micrograph.path)
    assert motion.hot_pixels == 10 + 1 + 12
    assert abs(image.mean() - 6 * 20) < 3
    assert image[150:154, 200:203].max() < 200
    assert image[120, 30] < 200
    perfect = moving_counts(SHAPE, still, seed=105, rate=20.0).sum(axis=0)
    inner = (slice(20, -20), slice(20, -20))
    assert np.corrcoef(image[inner].ravel(), perfect[inner].ravel())[0, 1] > 0.7


def test_tiff_rows_fit_an_mrc_gain(make_movie, tmp_path):
    gain = np.ones(SHAPE, np.float32)
    gain[: SHAPE[0] // 4] = 0.5
    counts = moving_counts(SHAPE, np.zeros((4, 2)), seed=106, gain=gain, rate=10.0)
    corrector = EmbeddedMotion(patches=(1, 1), dose_weighting=False, halves=False)
    for suffix in ("tiff", "mrc"):
        stored = counts if suffix == "tiff" else counts.astype(np.int16)
        motion = corrector.correct(make_movie(stored, gain=gain, name=f"movie.{suffix}"), tmp_path / suffix)
        image = read_image(motion.micrograph.path)
        lower, upper = image[: SHAPE[0] // 4 - 5].mean(), image[SHAPE[0] // 2 :].mean()
        assert abs(lower / upper - 1) < 0.05


def test_halves_add_to_the_sum(make_movie, tmp_path):
    path = drift(FRAMES, seed=107)
    motion = EmbeddedMotion(patches=(3, 3)).correct(make_movie(moving_counts(SHAPE, path, seed=107)), tmp_path)
    found = motion.micrograph
    halves = read_image(found.odd) + read_image(found.even)
    np.testing.assert_allclose(halves, read_image(found.path), rtol=1e-5)
    assert np.corrcoef(read_image(found.odd).ravel(), read_image(found.even).ravel())[0, 1] > 0.2
    assert found.unweighted.name == "movie_noDW.mrc"
    assert read_image(found.unweighted).mean() == pytest.approx(4 * FRAMES, rel=0.02)


def test_sharpens_the_sum(make_movie, tmp_path):
    path = drift(FRAMES, seed=108, length=8.0)
    counts = moving_counts(SHAPE, path, seed=108, rate=10.0)
    motion = EmbeddedMotion(patches=(1, 1), dose_weighting=False).correct(make_movie(counts), tmp_path)
    truth = moving_counts(SHAPE, np.zeros((60, 2)), seed=108, rate=10.0).sum(axis=0)
    inner = (slice(20, -20), slice(20, -20))

    def agreement(image):
        return np.corrcoef(image[inner].ravel(), truth[inner].ravel())[0, 1]

    assert agreement(read_image(motion.micrograph.path)) > agreement(counts.sum(axis=0)) + 0.2


def test_bins_in_fourier_space(make_movie, tmp_path):
    movie = make_movie(moving_counts(SHAPE, np.zeros((4, 2)), seed=109))
    motion = EmbeddedMotion(patches=(1, 1), binning=2).correct(movie, tmp_path)
    assert motion.micrograph.pixel_size == 4.0
    assert header(motion.micrograph.path).shape == (1, 100, 120)
    assert header(motion.micrograph.path).pixel_size == pytest.approx(4.0)
    assert read_image(motion.micrograph.unweighted).mean() == pytest.approx(16, rel=0.02)


def test_passes_a_single_frame_through(make_movie, tmp_path):
    counts = moving_counts(SHAPE, [(0, 0)], seed=110, rate=30.0)
    counts[0, 40, 50] = 250
    motion = EmbeddedMotion().correct(make_movie(counts), tmp_path)
    assert motion.displacements == ((0, 0),)
    assert (motion.early, motion.late, motion.hot_pixels) == (0, 0, 1)
    image = read_image(motion.micrograph.path)
    good = counts[0] != 250
    np.testing.assert_allclose(image[good], counts[0][good], atol=1e-3)
    assert image[40, 50] < 100
    assert motion.micrograph.even is None


def test_writes_what_starfile_reads(make_movie, tmp_path):
    path = drift(FRAMES, seed=111, length=2.0)
    movie = make_movie(moving_counts((320, 320), path, seed=111, local=6.0, rate=10.0))
    motion = EmbeddedMotion(patches=(4, 4)).correct(movie, tmp_path)
    blocks = starfile.read(motion.metadata)
    assert list(blocks) == ["general", "global_shift", "local_motion_model", "local_shift"]
    assert blocks["general"]["rlnMotionModelVersion"] == 1
    shifts = blocks["global_shift"]
    assert list(shifts) == ["rlnMicrographFrameNumber", "rlnMicrographShiftX", "rlnMicrographShiftY"]
    np.testing.assert_allclose(
        -2.0 * shifts[["rlnMicrographShiftX", "rlnMicrographShiftY"]], motion.displacements, atol=1e-4
    )
    model = blocks["local_motion_model"]
    np.testing.assert_allclose(model["rlnMotionModelCoeff"], motion.local_coefficients, rtol=1e-4, atol=1e-7)
    assert len(blocks["local_shift"]) == FRAMES * 16


def test_gives_the_same_for_the_same_movie(make_movie, tmp_path):
    movie = make_movie(moving_counts(SHAPE, drift(4, seed=112), seed=112))
    first, second = (EmbeddedMotion(patches=(1, 1)).correct(movie, tmp_path / name) for name in "ab")
    assert first.displacements == second.displacements
    assert (read_image(first.micrograph.path) == read_image(second.micrograph.path)).all()


def test_refuses_frames_that_are_not_numbers(make_movie, tmp_path):
    counts = moving_counts(SHAPE, np.zeros((3, 2)), seed=113).astype(np.float32)
    counts[1, 5, 5] = np.nan
    movie = make_movie(counts[:1], name="movie.mrc")
    with pytest.warns(RuntimeWarning, match="NaN"), mrcfile.new(movie.path, counts, overwrite=True) as file:
        file.set_image_stack()
    with pytest.raises(InputError, match="frame 2 has values that are not finite"):
        EmbeddedMotion().correct(movie, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_refuses_an_empty_movie(make_movie, tmp_path):
    with pytest.raises(InputError, match="every pixel of the sum is 0"):
        EmbeddedMotion().correct(make_movie(np.zeros((3, *SHAPE), np.uint8)), tmp_path)


def test_refuses_absurd_motion(make_movie, tmp_path):
    movie = make_movie(moving_counts(SHAPE, [(0, 0), (0, 0), (20, 0), (20, 0)], seed=114))
    with pytest.raises(ResultError, match="from one frame to the next"):
        EmbeddedMotion(patches=(1, 1), largest_step=20).correct(movie, tmp_path)


def test_does_nothing_twice(make_movie, tmp_path):
    movie = make_movie(moving_counts(SHAPE, np.zeros((2, 2)), seed=115))
    corrector = EmbeddedMotion(patches=(1, 1))
    first = correct_motion.fn(movie, corrector, tmp_path / "out")
    written = first.micrograph.path.stat().st_mtime_ns
    assert correct_motion.fn(movie, corrector.model_copy(update={"threads": 2}), tmp_path / "out") == first
    assert first.micrograph.path.stat().st_mtime_ns == written
