import numpy as np
import pytest
from motion_correction_movies import drift, moving_counts
from stand_ins.installing import calls, install

from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.eer_writer import write_eer
from tasks.formats.frames import read_frames
from tasks.formats.mrc import header, read_image, write_mrc
from tasks.models import Acquisition, EerSampling, GainReference, Movie
from tasks.motion_correction import AreTomo3Motion

SHAPE = (128, 96)


@pytest.fixture
def program(tmp_path):
    return install("aretomo3_motion", tmp_path / "bin", "AreTomo3")


@pytest.fixture
def movie(make_movie):
    path = drift(10, seed=91)
    gain = np.random.default_rng(92).uniform(0.8, 1.2, SHAPE).astype(np.float32)
    return make_movie(moving_counts(SHAPE, path, seed=93, gain=gain), gain=gain, dose_per_frame=0.5)


def test_finds_where_the_specimen_went_and_sums_along_it(program, movie, tmp_path):
    motion = AreTomo3Motion(executable=str(program)).correct(movie, tmp_path / "out")
    path = drift(10, seed=91)
    np.testing.assert_allclose(motion.displacements, (path - path[0]) * 2.0, atol=0.5)
    total, even, odd = (read_image(getattr(motion.micrograph, name)) for name in ("path", "even", "odd"))
    np.testing.assert_allclose(total, even + odd, rtol=1e-4)
    assert header(motion.micrograph.path).shape == (1, *SHAPE)
    assert motion.micrograph.unweighted is None
    assert not motion.micrograph.weighted
    assert motion.program == "AreTomo3 2.2.2"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("movie.mrc", "movie.star", "movie_EVN.mrc", "movie_ODD.mrc", "movie_aretomo3.log")
    ]


def test_asks_for_one_movie_in_the_words_of_aretomo3(movie, tmp_path):
    turned = GainReference(path=movie.acquisition.gain.path, rotation=3, flip="upside-down")
    acquisition = movie.acquisition.model_copy(update={"gain": turned})
    corrector = AreTomo3Motion(binning=2, reference=4, gpus=(0, 1), halves=False)
    words = corrector.command(movie.model_copy(update={"acquisition": acquisition}), tmp_path)
    expected = (
        f"AreTomo3 -Cmd 0 -InPrefix {tmp_path}/movie.mdoc -OutDir {tmp_path}/out -PixSize 2 -VolZ 0 -FmInt 1 "
        f"-FmDose 0.5 -Gain {tmp_path}/gain.mrc -RotGain 3 -FlipGain 1 -McPatch 5 5 -McIter 15 -McTol 0.1 -Group 1 4 "
        "-McBin 2 -FmRef 4 -InFmMotion 0 -SplitSum 0 -Gpu 0 1"
    )
    assert words == expected.split()


def test_tells_the_pixels_of_the_sensor_of_an_eer_movie(program, tmp_path):
    write_eer(tmp_path / "movie.eer", np.random.default_rng(94).random((8, 64, 64)) < 0.1)
    sampling = EerSampling(grouping=2, upsampling=2)
    movie = Movie(
        path=tmp_path / "movie.eer", acquisition=Acquisition(pixel_size=0.7, dose_per_frame=0.4, eer=sampling)
    )
    motion = AreTomo3Motion(executable=str(program)).correct(movie, tmp_path / "out")
    asked = calls(program)[1]
    assert asked[asked.index("-PixSize") :][:10] == [
        *("-PixSize", "1.4", "-VolZ", "0", "-FmInt", "2", "-FmDose", "0.2", "-EerSampling", "2")
    ]
    assert motion.micrograph.pixel_size == 0.7
    assert read_image(motion.micrograph.path).sum() == pytest.approx(sum(frame.sum() for frame in read_frames(movie)))


def test_does_not_mind_that_there_is_no_tomogram_of_one_image(program, movie, tmp_path):
    program.write_text(program.read_text().replace("    correct()\n", "    correct()\n    sys.exit(139)\n"))
    motion = AreTomo3Motion(executable=str(program)).correct(movie, tmp_path / "out")
    assert len(motion.displacements) == 10


def test_fails_if_the_sums_are_missing(program, movie, tmp_path):
    text = program.read_text()
    program.write_text(text.replace("    correct()\n", "    sys.exit('mCheckGPUs: no valid device detected.')\n"))
    with pytest.raises(CommandError, match="no valid device"):
        AreTomo3Motion(executable=str(program)).correct(movie, tmp_path / "out")
    program.write_text(text.replace("    correct()\n", "    print('nothing to do')\n"))
    with pytest.raises(ResultError, match=r"did not write movie\.mrc"):
        AreTomo3Motion(executable=str(program)).correct(movie, tmp_path / "out")


def test_black_sums_of_the_odd_frames_are_a_failure_that_may_be_tried_again(program, movie, tmp_path):
    blacken = "p = __import__('pathlib').Path('out/movie_ODD.mrc')\n    d = p.read_bytes()\n    "
    blacken += "p.write_bytes(d[:1024] + bytes(len(d) - 1024))\n"
    program.write_text(program.read_text().replace("    correct()\n", f"    correct()\n    {blacken}"))
    with pytest.raises(CommandError, match=r"AreTomo3 ended well, but movie_ODD\.mrc holds nothing but 0"):
        AreTomo3Motion(executable=str(program)).correct(movie, tmp_path / "out")
    assert not (tmp_path / "out" / "movie.mrc").exists()


def test_refuses_a_map_of_defects(movie, tmp_path):
    write_mrc(tmp_path / "defects.mrc", np.zeros(SHAPE, np.float32), 1)
    acquisition = movie.acquisition.model_copy(update={"defects": tmp_path / "defects.mrc"})
    with pytest.raises(InputError, match=r"defects\.mrc: an image; expected a text file of rectangles"):
        AreTomo3Motion().command(movie.model_copy(update={"acquisition": acquisition}), tmp_path)
