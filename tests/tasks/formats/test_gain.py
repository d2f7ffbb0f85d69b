import shutil
import subprocess

import numpy as np
import pytest
import tifffile

from tasks.errors import FormatError, InputError
from tasks.formats.eer_writer import write_eer
from tasks.formats.frames import read_frames
from tasks.formats.gain import fit_gain, gain_of, read_gain
from tasks.formats.mrc import read_image, write_mrc
from tasks.formats.tiff import write_tiff_frames
from tasks.models import Acquisition, EerSampling, GainReference, Movie

GAIN = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


def reference(folder, **turn):
    write_mrc(folder / "gain.mrc", GAIN, 1)
    return GainReference(path=folder / "gain.mrc", **turn)


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [
        # Seen with y upwards, GAIN has 4 5 6 above 1 2 3.
        (0, [[1, 2, 3], [4, 5, 6]]),
        (1, [[4, 1], [5, 2], [6, 3]]),
        (2, [[6, 5, 4], [3, 2, 1]]),
        (3, [[3, 6], [2, 5], [1, 4]]),
    ],
)
def test_rotates_counter_clockwise_as_seen_with_y_upwards(tmp_path, rotation, expected):
    assert read_gain(reference(tmp_path, rotation=rotation)).tolist() == expected


def test_a_quarter_turn_moves_a_point_from_the_x_axis_to_the_y_axis(tmp_path):
    image = np.ones((9, 9), np.float32)
    image[4, 7] = 5
    write_mrc(tmp_path / "gain.mrc", image, 1)
    turned = read_gain(GainReference(path=tmp_path / "gain.mrc", rotation=1))
    assert np.argwhere(turned == 5).tolist() == [[7, 4]]


@pytest.mark.parametrize(
    ("flip", "expected"),
    [
        ("none", [[4, 1], [5, 2], [6, 3]]),
        ("upside-down", [[6, 3], [5, 2], [4, 1]]),
        ("left-right", [[1, 4], [2, 5], [3, 6]]),
    ],
)
def test_flips_after_the_rotation(tmp_path, flip, expected):
    assert read_gain(reference(tmp_path, rotation=1, flip=flip)).tolist() == expected


def test_tiff_references_are_turned_over_as_tiff_frames_are(tmp_path):
    tifffile.imwrite(tmp_path / "gain.tif", GAIN)
    assert read_gain(GainReference(path=tmp_path / "gain.tif")).tolist() == GAIN[::-1].tolist()


def test_gain_files_are_not_turned_over_as_eer_frames_are_not(tmp_path):
    tifffile.imwrite(tmp_path / "a.gain", GAIN)
    assert read_gain(GainReference(path=tmp_path / "a.gain")).tolist() == GAIN.tolist()


def test_fits_a_reference_of_other_sampling(tmp_path):
    fine = fit_gain(GAIN, (4, 6), tmp_path / "gain.mrc")
    assert fine.tolist()[0] == [1, 1, 2, 2, 3, 3]
    assert fit_gain(fine, (2, 3), tmp_path / "gain.mrc").tolist() == GAIN.tolist()
    assert fit_gain(GAIN, (2, 3), tmp_path / "gain.mrc") is GAIN


def test_refuses_a_reference_of_another_shape(tmp_path):
    with pytest.raises(InputError, match=r"gain\.mrc: 3 x 2 pixels after rotation; expected 8 x 8 as the frames have"):
        fit_gain(GAIN, (8, 8), tmp_path / "gain.mrc")
    with pytest.raises(
        InputError, match=r"3 x 2 pixels after rotation \(a quarter turn would make it fit\); expected 2 x 3"
    ):
        fit_gain(GAIN, (3, 2), tmp_path / "gain.mrc")


def movie(path, gain):
    acquisition = Acquisition(pixel_size=1, gain=gain, eer=EerSampling(grouping=1, upsampling=2))
    return Movie(path=path, acquisition=acquisition)


def test_references_multiply_the_frames_of_cameras(tmp_path):
    write_tiff_frames(tmp_path / "a.tif", [np.zeros((2, 3), np.uint8)], 1)
    assert np.array_equal(gain_of(movie(tmp_path / "a.tif", reference(tmp_path))), GAIN)
    assert gain_of(movie(tmp_path / "a.tif", None)) is None


def test_references_of_eer_movies_divide_unless_they_are_gain_files(tmp_path):
    write_eer(tmp_path / "a.eer", [np.zeros((4, 6), bool)])
    sensitivity = np.array([[1, 2, 1], [0, 2, 4]], np.float32)
    write_mrc(tmp_path / "gain.mrc", sensitivity, 1)
    factors = gain_of(movie(tmp_path / "a.eer", GainReference(path=tmp_path / "gain.mrc")))
    assert factors.shape == (4, 6)
    assert factors[::2, ::2] == pytest.approx(np.array([[2, 1, 2], [0, 1, 0.5]]))
    tifffile.imwrite(tmp_path / "a.gain", sensitivity)
    factors = gain_of(movie(tmp_path / "a.eer", GainReference(path=tmp_path / "a.gain")))
    assert np.array_equal(factors[::2, ::2], sensitivity)


@pytest.mark.parametrize("values", [[[0, 0]], [[1, -1]]])
def test_refuses_values_that_are_no_factors(tmp_path, values):
    write_mrc(tmp_path / "gain.mrc", np.array(values, np.float32), 1)
    with pytest.raises(InputError, match="expected a gain reference: positive factors"):
        read_gain(GainReference(path=tmp_path / "gain.mrc"))


def test_refuses_values_that_are_not_finite(tmp_path):
    tifffile.imwrite(tmp_path / "gain.tif", np.array([[1, np.nan]], np.float32))
    with pytest.raises(InputError, match="values from nan to nan"):
        read_gain(GainReference(path=tmp_path / "gain.tif"))


def test_refuses_an_unknown_suffix(tmp_path):
    with pytest.raises(FormatError, match=r"gain\.png: suffix \.png; expected a gain reference: \.mrc"):
        read_gain(GainReference(path=tmp_path / "gain.png"))


MOVIES = """
data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
_rlnMicrographOriginalPixelSize #3
_rlnVoltage #4
_rlnSphericalAberration #5
_rlnAmplitudeContrast #6
all 1 1.0 300 2.7 0.1

data_movies

loop_
_rlnMicrographMovieName #1
_rlnOpticsGroup #2
movie.tiff 1
"""


@pytest.mark.skipif(shutil.which("relion_run_motioncorr") is None, reason="RELION is not installed")
@pytest.mark.parametrize(("rotation", "flip", "number"), [(1, "upside-down", 1), (3, "left-right", 2)])
def test_turns_a_reference_as_relion_does(tmp_path, rotation, flip, number):
    random = np.random.default_rng(9)
    write_tiff_frames(tmp_path / "movie.tiff", [random.poisson(9, (64, 48)).astype(np.uint8)] * 3, 1)
    write_mrc(tmp_path / "gain.mrc", random.uniform(0.5, 1.5, (48, 64)).astype(np.float32), 1)
    (tmp_path / "movies.star").write_text(MOVIES)
    (tmp_path / "out").mkdir()
    relion = ["relion_run_motioncorr", "--use_own", "--i", "movies.star", "--o", "out/", "--j", "1", "--angpix", "1"]
    relion += ["--gainref", "gain.mrc", "--gain_rot", str(rotation), "--gain_flip", str(number)]
    relion += ["--patch_x", "1", "--patch_y", "1", "--skip_defect"]
    subprocess.run(relion, cwd=tmp_path, check=True, capture_output=True)
    gain = GainReference(path=tmp_path / "gain.mrc", rotation=rotation, flip=flip)
    assert np.array_equal(read_gain(gain), read_image(tmp_path / "out" / "gain.mrc"))
    factors = gain_of(movie(tmp_path / "movie.tiff", gain))
    frames = read_frames(movie(tmp_path / "movie.tiff", gain))
    assert sum(frames) * factors == pytest.approx(read_image(tmp_path / "out" / "movie.mrc"), rel=1e-4)
