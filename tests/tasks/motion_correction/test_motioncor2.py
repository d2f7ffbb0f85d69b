from pathlib import Path

import numpy as np
import pytest
from motion_correction_movies import drift, moving_counts
from stand_ins.installing import calls, install

from tasks.command import run
from tasks.errors import CommandError, ResultError
from tasks.formats.eer_writer import write_eer
from tasks.formats.frames import read_frames
from tasks.formats.mrc import read_image
from tasks.formats.star import read_table
from tasks.models import Acquisition, EerSampling, Movie
from tasks.motion_correction import MotionCor2, MotionCor3

DATA = Path(__file__).parents[2] / "data" / "motioncor"
SHAPE = (128, 96)


@pytest.fixture(params=[MotionCor2, MotionCor3])
def corrector(request, tmp_path):
    tool = request.param.model_fields["tool"].default
    return request.param(executable=str(install(tool, tmp_path / "bin")))


def error(found, path):
    return np.abs(np.array(found) - (path - path[0]) * 2.0).max()


def test_finds_where_the_specimen_went_and_sums_along_it(corrector, make_movie, tmp_path):
    path = drift(12, seed=41)
    gain = np.random.default_rng(42).uniform(0.8, 1.2, SHAPE).astype(np.float32)
    movie = make_movie(moving_counts(SHAPE, path, seed=43, gain=gain), gain=gain, dose_per_frame=2.0)
    motion = corrector.correct(movie, tmp_path / "out")
    assert error(motion.displacements, path) < 0.5
    images = {name: read_image(getattr(motion.micrograph, name)) for name in ("path", "unweighted", "even", "odd")}
    np.testing.assert_allclose(images["path"], images["even"] + images["odd"], rtol=1e-4)
    # The sum shows the specimen where it is in the central frame.
    shown = moving_counts(SHAPE, np.tile(path[6], (50, 1)), seed=43).sum(axis=0)
    assert np.corrcoef(images["unweighted"].ravel(), shown.ravel())[0, 1] > 0.8
    assert motion.micrograph.weighted
    assert motion.micrograph.path.name == "movie.mrc"
    assert motion.program == corrector.version()


def test_sums_the_frames_of_an_eer_movie(corrector, make_movie, tmp_path):
    write_eer(tmp_path / "movie.eer", np.random.default_rng(44).random((9, 64, 64)) < 0.1)
    acquisition = Acquisition(pixel_size=1, dose_per_frame=0, eer=EerSampling(grouping=2, upsampling=2))
    movie = Movie(path=tmp_path / "movie.eer", acquisition=acquisition)
    motion = corrector.correct(movie, tmp_path / "out")
    assert len(motion.displacements) == 4
    electrons = sum(frame.sum() for frame in read_frames(movie))
    assert read_image(motion.micrograph.path).sum() == pytest.approx(electrons, rel=1e-4)
    assert motion.micrograph.unweighted is None
    assert not motion.micrograph.weighted


def test_leaves_frames_out_at_both_ends(make_movie, tmp_path):
    path = drift(12, seed=45)
    movie = make_movie(moving_counts(SHAPE, path, seed=46), name="movie.mrc")
    corrector = MotionCor2(executable=str(install("motioncor2", tmp_path / "bin")), skip_first=2, skip_last=1)
    motion = corrector.correct(movie, tmp_path / "out")
    assert error(motion.displacements, path[2:-1]) < 0.5
    assert list(read_table(motion.metadata, "global_shift")["rlnMicrographFrameNumber"]) == list(range(3, 12))


def test_versions_differ_in_the_frames_that_they_group(make_movie, tmp_path):
    movie = make_movie(moving_counts(SHAPE, np.zeros((3, 2)), seed=47))
    words = MotionCor2().command(movie, tmp_path)
    assert words[0] == "MotionCor2"
    assert words[words.index("-Group") :][:3] == ["-Group", "1", "-FtBin"]
    newer = MotionCor2(group=(1, 4)).command(movie, tmp_path)
    assert newer[newer.index("-Group") :][:4] == ["-Group", "1", "4", "-FtBin"]
    with pytest.raises(ValueError, match="at most 2"):
        MotionCor2(group=(1, 4, 8))


@pytest.mark.parametrize("log", ["motioncor2_1.5.0_eer.log", "motioncor2_1.6.4_eer.log"])
def test_no_log_of_any_version_ends_as_minus_9999_in_the_star_file(make_movie, tmp_path, log):
    program = install("motioncor2", tmp_path / "bin")
    source = program.read_text().replace(
        "correct(table_of)", f"correct(lambda shifts: open({str(DATA / log)!r}).read())"
    )
    program.write_text(source)
    movie = make_movie(moving_counts(SHAPE, np.zeros((16, 2)), seed=48))
    motion = MotionCor2(executable=str(program)).correct(movie, tmp_path / "out")
    shifts = read_table(motion.metadata, "global_shift")[["rlnMicrographShiftX", "rlnMicrographShiftY"]].to_numpy()
    assert np.abs(shifts).max() < 20
    np.testing.assert_allclose(np.array(motion.displacements), -2.0 * shifts)
    assert np.abs(np.diff(shifts, axis=0)).min(axis=0).max() < 2


def test_fails_as_the_program_does(make_movie, tmp_path):
    movie = make_movie(moving_counts(SHAPE, np.zeros((3, 2)), seed=49))
    program = install("motioncor2", tmp_path / "bin")
    with pytest.raises(CommandError, match="was not found"):
        MotionCor2(executable=str(tmp_path / "no")).correct(movie, tmp_path / "out")
    with pytest.raises(CommandError, match="unknown tag -Strange"):
        run([program, "-InTiff", movie.path, "-Strange", "1"], cwd=tmp_path)
    with pytest.raises(ResultError, match="no version"):
        MotionCor2(executable="/bin/echo").version()
    assert calls(program) == [["-InTiff", str(movie.path), "-Strange", "1"]]
