"""RELION really runs here: what it finds must mean what the built-in tool finds."""

import shutil
from itertools import product

import numpy as np
import pytest
from motion_correction_movies import drift, moving_counts
from relion_runs import stand_in

from tasks.errors import CommandError, InputError
from tasks.formats.eer_writer import write_eer
from tasks.formats.frames import read_frames
from tasks.formats.gain import gain_of
from tasks.formats.mrc import header, read_image, write_mrc
from tasks.formats.star import read_table
from tasks.models import Acquisition, EerSampling, GainReference, Movie
from tasks.motion_correction import EmbeddedMotion, RelionMotion
from tasks.motion_correction.polynomial import evaluate
from tasks.relion.version import RelionVersion

pytestmark = pytest.mark.skipif(shutil.which("relion_run_motioncorr") is None, reason="RELION is not installed")

SHAPE = (128, 160)
PIXEL_SIZE = 2.0
V3, V5 = RelionVersion(3, 1, 3), RelionVersion(5)


def likeness(one, other):
    return np.corrcoef(read_image(one).ravel(), read_image(other).ravel())[0, 1]


def error(found, path):
    """Return the largest error of a displacement in pixels, what all have in common removed."""
    difference = np.array(found) / PIXEL_SIZE - path
    return np.abs(difference - difference.mean(axis=0)).max()


def test_means_the_same_as_the_built_in_tool(make_movie, tmp_path):
    path = drift(12, seed=51)
    gain = np.random.default_rng(52).uniform(0.7, 1.3, SHAPE).astype(np.float32)
    movie = make_movie(moving_counts(SHAPE, path, seed=53, gain=gain), dose_per_frame=2.0)
    write_mrc(tmp_path / "gain.mrc", np.rot90(gain[::-1], 1), PIXEL_SIZE)
    turned = GainReference(path=tmp_path / "gain.mrc", rotation=1, flip="upside-down")
    acquisition = movie.acquisition.model_copy(update={"gain": turned})
    movie = movie.model_copy(update={"acquisition": acquisition, "pre_exposure": 6.0})
    found = RelionMotion(patches=(1, 1)).correct(movie, tmp_path / "relion")
    ours = EmbeddedMotion(patches=(1, 1)).correct(movie, tmp_path / "embedded")
    assert error(found.displacements, path) < 0.6
    assert error(ours.displacements, path) < 0.3
    assert likeness(found.micrograph.unweighted, ours.micrograph.unweighted) > 0.93
    # With a reference that is turned in any other way it is 0.88.
    assert likeness(found.micrograph.path, ours.micrograph.path) > 0.93
    assert found.micrograph.weighted
    assert found.program == RelionMotion().version()
    assert (found.early, found.late) == pytest.approx((ours.early, ours.late), abs=1.5)
    # RELION before 5 has no halves.
    assert found.micrograph.even is found.micrograph.odd is None
    assert header(found.micrograph.power_spectrum).shape == (1, 128, 128)
    assert sorted(path.name for path in (tmp_path / "relion").iterdir()) == [
        *("movie.mrc", "movie.star", "movie_PS.mrc", "movie_noDW.mrc", "movie_relion.log")
    ]


def test_turns_a_gain_reference_as_we_do(make_movie, tmp_path):
    shape = (64, 96)
    gain = np.random.default_rng(61).uniform(0.7, 1.3, shape).astype(np.float32)
    movie = make_movie(moving_counts(shape, drift(3, seed=62), seed=63, gain=gain), name="movie.mrc")
    corrector = RelionMotion(patches=(1, 1), dose_weighting=False, power_spectrum=False)
    images = []
    for rotation, flip in product(range(4), ("none", "upside-down", "left-right")):
        reference = GainReference(path=tmp_path / "gain.mrc", rotation=rotation, flip=flip)
        turned = movie.model_copy(update={"acquisition": movie.acquisition.model_copy(update={"gain": reference})})
        unflipped = {"none": gain, "upside-down": gain[::-1], "left-right": gain[:, ::-1]}[flip]
        write_mrc(reference.path, np.rot90(unflipped, rotation), PIXEL_SIZE)
        np.testing.assert_array_equal(gain_of(turned), gain)
        images.append(read_image(corrector.correct(turned, tmp_path / f"{rotation}{flip}").micrograph.path))
    assert len(images) == 12
    for image in images[1:]:
        np.testing.assert_allclose(image, images[0], rtol=1e-4)


def test_reads_frames_that_were_left_out_not_as_shifts_of_minus_9999(make_movie, tmp_path):
    path = drift(12, seed=54)
    movie = make_movie(moving_counts(SHAPE, path, seed=55), name="movie.mrc")
    corrector = RelionMotion(patches=(1, 1), skip_first=2, skip_last=1, dose_weighting=False, power_spectrum=False)
    motion = corrector.correct(movie, tmp_path / "out")
    assert error(motion.displacements, path[2:-1]) < 0.3
    shifts = read_table(motion.metadata, "global_shift")
    assert list(shifts["rlnMicrographFrameNumber"]) == list(range(3, 12))
    assert shifts.abs().to_numpy().max() < 20
    assert motion.micrograph.unweighted is motion.micrograph.power_spectrum is None
    assert not motion.micrograph.weighted


@pytest.mark.parametrize("binning", [1, 2])
def test_tells_local_motion_in_pixels_of_the_frames(make_movie, tmp_path, binning):
    path = drift(10, seed=56)
    movie = make_movie(moving_counts((256, 256), path, seed=57, rate=12.0, local=8.0))
    movie = movie.model_copy(update={"path": movie.path.rename(tmp_path / "FoilHole 1.2_movie.tiff")})
    motion = RelionMotion(patches=(4, 4), binning=binning).correct(movie, tmp_path / "out")
    assert motion.micrograph.path.name == "FoilHole 1.2_movie.mrc"
    assert header(motion.micrograph.path).shape[1] == 256 / binning
    coefficients = np.reshape(motion.local_coefficients, (2, 18))
    right, left = (evaluate(coefficients, x, 0.0, 10)[-1, 0] for x in (0.4, -0.4))
    # The texture is stretched by 8 pixels over the field of view; the model is of corrections.
    assert left - right == pytest.approx(8 * 0.8, abs=0.7)


def few_electrons(random, count):
    for _ in range(count):
        fallen = np.zeros((8192, 8192), bool)
        fallen[tuple(random.integers(0, 8192, (2, 300_000)))] = True
        yield fallen


@pytest.mark.slow
def test_divides_by_the_reference_of_an_eer_movie(tmp_path):
    # RELION takes the frames of a Falcon 4 only, which are large.
    random = np.random.default_rng(58)
    write_eer(tmp_path / "movie.eer", few_electrons(random, 6))
    reference = random.uniform(0.5, 1.5, (4096, 4096)).astype(np.float32)
    reference[:2048] *= 2
    write_mrc(tmp_path / "gain.mrc", reference, 1)
    gain = GainReference(path=tmp_path / "gain.mrc", rotation=1)
    acquisition = Acquisition(pixel_size=1, gain=gain, eer=EerSampling(grouping=2))
    movie = Movie(path=tmp_path / "movie.eer", acquisition=acquisition)
    corrector = RelionMotion(patches=(1, 1), dose_weighting=False, power_spectrum=False)
    found = corrector.correct(movie, tmp_path / "relion")
    assert len(found.displacements) == 3
    # There is only noise to be aligned: large parts of the image tell how the reference is used.
    raw = sum(read_frames(movie)) * gain_of(movie)
    theirs, ours = (
        image.reshape(8, 512, 8, 512).mean(axis=(1, 3)) for image in (read_image(found.micrograph.path), raw)
    )
    # RELION takes single electrons in pixels of little sensitivity for defects.
    np.testing.assert_allclose(theirs, ours, rtol=0.15)
    assert ours.std() > 0.2 * ours.mean()


def test_asks_for_what_a_version_can(make_movie, tmp_path):
    movie = make_movie(moving_counts(SHAPE, np.zeros((6, 2)), seed=59), dose_per_frame=2.0)
    corrector = RelionMotion(half_precision=True, skip_last=1, binning=2, threads=3)
    words = (
        "relion_run_motioncorr --use_own --i movies.star --o out/ --first_frame_sum 1 --last_frame_sum 5 --patch_x 5 "
        "--patch_y 5 --bfactor 150 --max_iter 5 --group_frames 1 --bin_factor 2 --float16 --j 3 --dose_weighting "
        "--save_noDW --dose_per_frame 2 --preexposure 0 --grouping_for_ps 2 --ps_size 64"
    )
    assert corrector.command(movie, tmp_path, V3) == words.split()
    assert corrector.command(movie, tmp_path, V5) == [*words.split(), "--even_odd_split"]
    with pytest.raises(InputError, match=r"half_precision: RELION 3\.1\.3; expected RELION 4\.0 or later"):
        corrector.correct(movie, tmp_path)
    with pytest.raises(ValueError, match="needs power_spectrum"):
        RelionMotion(half_precision=True, power_spectrum=False)


def test_keeps_the_halves_that_relion_5_writes(make_movie, tmp_path):
    body = """
import subprocess
known = [word for word in arguments if word != "--even_odd_split"]
subprocess.run(["relion_run_motioncorr", *known], check=True)
for half in ("EVN", "ODD"):
    data = pathlib.Path("out/frames/movie.mrc").read_bytes()
    pathlib.Path(f"out/frames/movie_{half}.mrc").write_bytes(data)
"""
    program = stand_in(tmp_path / "bin" / "relion_run_motioncorr_5", "5.0.0", body)
    movie = make_movie(moving_counts(SHAPE, drift(6, seed=60), seed=61))
    motion = RelionMotion(executable=str(program), patches=(1, 1)).correct(movie, tmp_path / "out")
    assert (motion.micrograph.even.name, motion.micrograph.odd.name) == ("movie_EVN.mrc", "movie_ODD.mrc")
    assert motion.program == "RELION 5.0.0"


def test_refuses_a_voltage_that_relion_cannot_weight(make_movie, tmp_path):
    movie = make_movie(moving_counts(SHAPE, np.zeros((4, 2)), seed=62), voltage=120)
    with pytest.raises(InputError, match="120 kV; expected 300, 200 or 100 kV"):
        RelionMotion().correct(movie, tmp_path)


def test_refuses_a_movie_that_relion_would_skip(make_movie, tmp_path):
    movie = make_movie(moving_counts(SHAPE, np.zeros((6, 2)), seed=63))
    with pytest.raises(InputError, match="5 frames; expected at least 6"):
        RelionMotion(group=2, skip_first=1).correct(movie, tmp_path / "out")


def test_says_what_relion_said_if_it_wrote_nothing(make_movie, tmp_path):
    program = stand_in(tmp_path / "bin" / "relion", "4.0.1", "print('Skipped frames/movie.tiff: nobody knows why')")
    movie = make_movie(moving_counts(SHAPE, np.zeros((4, 2)), seed=64))
    with pytest.raises(CommandError, match="nobody knows why"):
        RelionMotion(executable=str(program)).correct(movie, tmp_path / "out")
