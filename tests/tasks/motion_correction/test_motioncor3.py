from pathlib import Path

import numpy as np
import pytest
from motion_correction_movies import moving_counts

from tasks.errors import CommandError, FormatError, InputError, ResultError
from tasks.formats.eer_writer import write_eer
from tasks.formats.mrc import read_image, write_mrc
from tasks.formats.star import read_table
from tasks.models import EerSampling, GainReference
from tasks.motion_correction import MotionCor3

LOG = Path(__file__).parents[2] / "data" / "motioncor" / "motioncor2_1.6.4_eer.log"
SHAPE = (64, 72)


@pytest.fixture
def program(tmp_path):
    """Make an executable that records its arguments, prints a real log and writes the sums MotionCor3 would."""

    def make(*, log=LOG, suffixes=("", "_DW", "_EVN", "_ODD"), status=0):
        write_mrc(tmp_path / "sum.mrc", np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE), 1.0)
        path = tmp_path / "MotionCor3"
        path.write_text(
            "#!/bin/sh\n"
            'if [ "$1" = --version ]; then echo "MotionCor3 version 1.2.1"; exit 0; fi\n'
            f'printf "%s\\n" "$@" > {tmp_path}/arguments\n'
            'while [ "$1" != -OutMrc ]; do shift; done\n'
            f"for suffix in {' '.join(repr(suffix) for suffix in suffixes)}; do\n"
            f'cp {tmp_path}/sum.mrc "${{2%.mrc}}$suffix.mrc"; done\n'
            f"cat {log}\n"
            f"exit {status}\n"
        )
        path.chmod(0o755)
        return str(path)

    return make


@pytest.fixture
def movie(make_movie):
    gain = np.ones(SHAPE, np.float32)
    made = make_movie(moving_counts(SHAPE, np.zeros((16, 2)), seed=1), gain=gain, dose_per_frame=2.0)
    return made.model_copy(update={"pre_exposure": 6.0})


def test_reports_what_the_program_found(program, movie, tmp_path):
    motion = MotionCor3(executable=program()).correct(movie, tmp_path / "out")
    assert motion.program == "MotionCor3 1.2.1"
    np.testing.assert_allclose(motion.displacements[1], (2 * 0.61, 2 * 2.32))
    assert motion.early == pytest.approx(2 * (np.hypot(0.61, 2.32) + np.hypot(0.46, 1.83)))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "movie.mrc",
        "movie.star",
        "movie_EVN.mrc",
        "movie_ODD.mrc",
        "movie_motioncor3.log",
        "movie_noDW.mrc",
    ]
    shifts = read_table(motion.metadata, "global_shift")
    np.testing.assert_allclose(shifts["rlnMicrographShiftY"].iloc[1], -2.32)


def test_asks_the_program_in_its_words(program, movie, tmp_path):
    turned = GainReference(path=movie.acquisition.gain.path, rotation=3, flip="upside-down")
    (tmp_path / "defects.txt").write_text("1 2 3 4\n")
    acquisition = movie.acquisition.model_copy(update={"gain": turned, "defects": tmp_path / "defects.txt"})
    corrector = MotionCor3(executable=program(), binning=2, reference=8, gpus=(0, 1), dark=tmp_path / "dark.mrc")
    corrector.correct(movie.model_copy(update={"acquisition": acquisition}), tmp_path / "out")
    words = (tmp_path / "arguments").read_text().splitlines()
    assert words[:3] == ["-InTiff", str(movie.path), "-OutMrc"]
    assert words[3].startswith(str(tmp_path / "out/.movie."))
    assert (
        words[4:]
        == (
            f"-PixSize 2 -kV 300 -FmDose 2 -InitDose 6 -Gain {tmp_path}/gain.mrc -RotGain 3 -FlipGain 1 "
            f"-DefectFile {tmp_path}/defects.txt -Patch 5 5 -Iter 10 -Tol 0.5 -Bft 500 100 -Group 1 4 -FtBin 2 "
            f"-Throw 0 -Trunc 0 -FmRef 8 -InFmMotion 0 -Dark {tmp_path}/dark.mrc -SplitSum 1 -Gpu 0 1"
        ).split()
    )


def test_hands_over_a_gain_it_would_turn_otherwise_as_mrc(movie, tmp_path):
    gain = np.arange(1, 1 + SHAPE[0] * SHAPE[1], dtype=np.float32).reshape(SHAPE)
    write_mrc(tmp_path / "gain.mrcs", gain, 1.0)
    reference = GainReference(path=tmp_path / "gain.mrcs", flip="left-right")
    acquisition = movie.acquisition.model_copy(update={"gain": reference})
    words = MotionCor3().command(movie.model_copy(update={"acquisition": acquisition}), tmp_path)
    assert words[words.index("-Gain") + 1] == str(tmp_path / "gain.mrc")
    assert "-RotGain" not in words
    np.testing.assert_array_equal(read_image(tmp_path / "gain.mrc"), gain[:, ::-1])


def test_does_not_weight_without_a_dose(program, movie, tmp_path):
    acquisition = movie.acquisition.model_copy(update={"dose_per_frame": 0})
    motion = MotionCor3(executable=program(suffixes=("", "_EVN", "_ODD"))).correct(
        movie.model_copy(update={"acquisition": acquisition}), tmp_path / "out"
    )
    assert "-FmDose" not in (tmp_path / "arguments").read_text()
    assert motion.micrograph.unweighted is None


def test_describes_the_frames_of_an_eer_movie(movie, tmp_path):
    path = tmp_path / "movie.eer"
    write_eer(path, np.random.default_rng(1).random((9, 16, 16)) < 0.1)
    acquisition = movie.acquisition.model_copy(
        update={"eer": EerSampling(grouping=4, upsampling=2), "gain": None, "dose_per_frame": 0.2}
    )
    words = MotionCor3().command(movie.model_copy(update={"path": path, "acquisition": acquisition}), tmp_path)
    assert words[1:3] == ["-InEer", str(path)]
    assert words[words.index("-FmIntFile") :][:4] == ["-FmIntFile", str(tmp_path / "frames.txt"), "-EerSampling", "2"]
    # The ninth hardware frame does not fill a frame.
    assert (tmp_path / "frames.txt").read_text() == "8 4 0.05\n"


def test_fails_as_the_program_fails(program, movie, tmp_path):
    with pytest.raises(CommandError, match="failed with status 5"):
        MotionCor3(executable=program(status=5)).correct(movie, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["movie_motioncor3.log"]


def test_fails_if_a_sum_is_missing(program, movie, tmp_path):
    with pytest.raises(CommandError, match=r"did not write movie_DW\.mrc"):
        MotionCor3(executable=program(suffixes=("",))).correct(movie, tmp_path / "out")


def test_refuses_another_number_of_frames(program, movie, tmp_path):
    with pytest.raises(ResultError, match="aligned 16 frames; expected 15"):
        MotionCor3(executable=program(), skip_first=1).correct(movie, tmp_path / "out")


def test_refuses_a_missing_movie_before_starting(program, movie, tmp_path):
    with pytest.raises(InputError):
        MotionCor3(executable=program()).correct(movie.model_copy(update={"path": tmp_path / "no.tiff"}), tmp_path)
    with pytest.raises(FormatError, match="a movie"):
        MotionCor3(executable=program()).correct(movie.model_copy(update={"path": tmp_path / "no.png"}), tmp_path)
    assert not (tmp_path / "arguments").exists()
