import mrcfile
import numpy as np
import pytest
import tifffile

from tasks.errors import FormatError
from tasks.formats import mrc, tiff


@pytest.fixture
def frames():
    return np.random.default_rng(3).integers(0, 200, (4, 6, 9)).astype(np.uint8)


def test_a_tiff_and_an_mrc_file_that_look_alike_are_read_alike(tmp_path, frames):
    # Viewers show the first row of a TIFF file at the top, and that of an MRC file at the bottom.
    seen = frames[0].astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", seen)
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(seen[::-1])
    assert np.array_equal(tiff.read_image(tmp_path / "a.tif"), mrc.read_image(tmp_path / "a.mrc"))


def test_writes_frames_as_other_programs_read_them(tmp_path, frames):
    tiff.write_tiff_frames(tmp_path / "a.tiff", list(frames), 1.25)
    with tifffile.TiffFile(tmp_path / "a.tiff") as file:
        assert np.array_equal(file.asarray(), frames[:, ::-1])
        assert file.pages[0].compression == tifffile.COMPRESSION.LZW
        numerator, denominator = file.pages[0].tags["XResolution"].value
        assert 1e8 / (numerator / denominator) == pytest.approx(1.25)


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4"])
@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
def test_reads_data_types_and_compressions(tmp_path, frames, dtype, compression):
    stack = (frames.astype("f4") - 20).clip(0).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", stack, compression=compression, photometric="minisblack")
    assert tiff.header(tmp_path / "a.tif") == (4, 6, 9)
    read = list(tiff.sections(tmp_path / "a.tif"))
    assert read[0].dtype == dtype
    assert np.array_equal(read, stack[:, ::-1])
    assert np.array_equal(tiff.read_image(tmp_path / "a.tif", 2), stack[2, ::-1])


def test_refuses_a_page_that_is_not_there(tmp_path, frames):
    tiff.write_tiff_frames(tmp_path / "a.tif", list(frames), 1)
    with pytest.raises(FormatError, match="4 pages; expected a page 4"):
        tiff.read_image(tmp_path / "a.tif", 4)


@pytest.mark.parametrize("content", [b"", b"II*\0", b"not a picture at all"])
def test_refuses_what_is_no_tiff_file(tmp_path, content):
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(FormatError, match=r"a\.tif: cannot be read"):
        tiff.header(tmp_path / "a.tif")


def test_refuses_a_missing_file(tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        tiff.header(tmp_path / "a.tif")


@pytest.mark.parametrize("part", [0.2, 0.6, 0.98])
def test_refuses_a_truncated_file(tmp_path, part):
    image = np.random.default_rng(5).integers(0, 255, (100, 100), np.uint8)
    tiff.write_tiff_frames(tmp_path / "a.tif", [image, image, image], 1)
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[: int(part * len(content))])
    with pytest.raises(FormatError, match=r"a\.tif"):
        tiff.header(tmp_path / "a.tif")


def test_refuses_a_page_whose_pixels_are_broken(tmp_path, frames):
    tifffile.imwrite(tmp_path / "a.tif", np.tile(frames[0], (20, 20)), compression="zlib")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        start = file.pages[0].dataoffsets[0]
    content = bytearray((tmp_path / "a.tif").read_bytes())
    content[start : start + 50] = b"?" * 50
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(FormatError, match="page 0 cannot be decoded"):
        list(tiff.sections(tmp_path / "a.tif"))


def test_refuses_pages_of_different_sizes(tmp_path, frames):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(frames[0])
        writer.write(frames[0, :3])
    with pytest.raises(FormatError, match=r"page 1 has \(3, 9\) pixels; expected \(6, 9\)"):
        tiff.header(tmp_path / "a.tif")


def test_refuses_colours(tmp_path, frames):
    tifffile.imwrite(tmp_path / "a.tif", np.stack([frames[0]] * 3, axis=-1), photometric="rgb")
    with pytest.raises(FormatError, match="grey images"):
        tiff.header(tmp_path / "a.tif")


def test_a_failed_writing_leaves_nothing(tmp_path, frames):
    with pytest.raises(TypeError):
        tiff.write_tiff_frames(tmp_path / "a.tif", [frames[0], None], 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("start", [0, 4, 8, 60])
def test_refuses_a_file_whose_rest_is_zeros(tmp_path, start):
    """A copy that reserves its space first leaves zeros where the list of pages will be."""
    path = tmp_path / "movie.tif"
    tiff.write_tiff_frames(path, [np.ones((8, 8), np.uint8)] * 3, 1.0)
    whole = path.read_bytes()
    path.write_bytes(whole[:start] + bytes(len(whole) - start))
    with pytest.raises(FormatError, match=r"movie\.tif"):
        tiff.header(path)
