import numpy as np
import pytest

from tasks.errors import FormatError
from tasks.formats.eer_writer import write_eer
from tasks.formats.frames import frame_count, frame_shape, raw_frames, read_frames
from tasks.formats.mrc import write_mrc
from tasks.formats.tiff import write_tiff_frames
from tasks.models import Acquisition, EerSampling, Movie


def movie(path):
    sampling = EerSampling(grouping=2, upsampling=2)
    return Movie(path=path, acquisition=Acquisition(pixel_size=1, eer=sampling))


@pytest.fixture
def frames():
    return np.random.default_rng(8).integers(0, 9, (4, 6, 8)).astype(np.uint8)


@pytest.mark.parametrize("name", ["a.tif", "a.TIFF", "a.mrc", "a.mrcs"])
def test_reads_the_frames_of_every_format_alike(tmp_path, frames, name):
    if "mrc" in name:
        write_mrc(tmp_path / name, frames.astype(np.int16), 1, stack=True)
    else:
        write_tiff_frames(tmp_path / name, list(frames), 1)
    assert frame_count(movie(tmp_path / name)) == 4
    assert frame_shape(movie(tmp_path / name)) == (6, 8)
    read = list(read_frames(movie(tmp_path / name)))
    assert read[0].dtype == np.float32
    assert np.array_equal(read, frames)
    assert next(raw_frames(movie(tmp_path / name))).dtype in {np.dtype(np.int16), np.dtype(np.uint8)}


def test_reads_the_frames_of_eer_files_as_the_acquisition_says(tmp_path):
    write_eer(tmp_path / "a.eer", np.zeros((4, 8, 12), bool))
    assert frame_count(movie(tmp_path / "a.eer")) == 2
    assert frame_shape(movie(tmp_path / "a.eer")) == (8, 12)
    assert [frame.shape for frame in read_frames(movie(tmp_path / "a.eer"))] == [(8, 12), (8, 12)]


def test_a_file_that_has_changed_is_looked_at_anew(tmp_path, frames):
    for count in (2, 3):
        write_tiff_frames(tmp_path / "a.tif", list(frames[:count]), 1)
        assert frame_count(movie(tmp_path / "a.tif")) == count


def test_refuses_an_unknown_suffix(tmp_path):
    with pytest.raises(FormatError, match=r"a\.png: suffix \.png; expected a movie"):
        frame_count(movie(tmp_path / "a.png"))
