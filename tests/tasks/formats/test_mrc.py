import errno
import struct
from contextlib import suppress
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from tasks.errors import FormatError, InputError, ResultError
from tasks.formats import mrc


@pytest.fixture
def random():
    return np.random.default_rng(7)


def header_bytes(shape, mode, *, order="<", extended=0, imod_flags=None, **fields):
    """Write the header by its published byte offsets, independently of the reader."""
    planes, rows, columns = shape
    raw = bytearray(1024)
    struct.pack_into(order + "10i", raw, 0, columns, rows, planes, mode, 0, 0, 0, columns, rows, planes)
    struct.pack_into(order + "6f", raw, 40, columns * 2.5, rows * 2.5, planes * 2.5, 90, 90, 90)
    struct.pack_into(order + "3i", raw, 64, *fields.get("axes", (1, 2, 3)))
    struct.pack_into(order + "2i", raw, 88, fields.get("ispg", 0), extended)
    if imod_flags is not None:
        struct.pack_into(order + "2i", raw, 152, 1146047817, imod_flags)
    raw[208:216] = fields.get("mark", b"MAP DD\0\0" if order == "<" else b"MAP \x11\x11\0\0")
    return bytes(raw)


@pytest.mark.parametrize("dtype", ["i1", "i2", "u2", "f2", "f4"])
def test_writes_each_data_type_as_other_programs_read_it(tmp_path, random, dtype):
    volume = random.integers(0, 10, (3, 5, 7)).astype(dtype)
    mrc.write_mrc(tmp_path / "volume.mrc", volume, 1.5)
    assert mrcfile.validate(str(tmp_path / "volume.mrc"))
    with mrcfile.open(tmp_path / "volume.mrc") as file:
        assert file.data.dtype == dtype
        assert np.array_equal(file.data, volume)
        assert file.voxel_size.tolist() == (1.5, 1.5, 1.5)
        assert float(file.header.rms) == pytest.approx(volume.astype(float).std(), rel=1e-5)
    assert np.array_equal(mrc.read_volume(tmp_path / "volume.mrc"), volume)


@pytest.mark.parametrize("dtype", ["f8", "u1", "i4", "bool"])
def test_writes_types_that_mrc_lacks_in_single_precision(tmp_path, random, dtype):
    image = random.integers(0, 2, (5, 7)).astype(dtype)
    mrc.write_mrc(tmp_path / "image.mrc", image, 1.5)
    assert mrc.header(tmp_path / "image.mrc").mode == 2
    assert np.array_equal(mrc.read_image(tmp_path / "image.mrc"), image)


def test_tells_volumes_from_stacks(tmp_path, random):
    sections = random.normal(size=(3, 5, 7)).astype("f4")
    mrc.write_mrc(tmp_path / "volume.mrc", sections, 2)
    mrc.write_mrc(tmp_path / "stack.mrc", sections, 2, stack=True)
    with mrcfile.open(tmp_path / "volume.mrc") as volume, mrcfile.open(tmp_path / "stack.mrc") as stack:
        assert volume.is_volume()
        assert stack.is_image_stack()
        assert stack.voxel_size.tolist() == (2, 2, 2)
    assert mrc.header(tmp_path / "volume.mrc").is_volume
    assert not mrc.header(tmp_path / "stack.mrc").is_volume


def test_reads_files_of_another_library(tmp_path, random):
    volume = random.normal(size=(3, 5, 7)).astype("f4")
    with mrcfile.new(tmp_path / "other.mrc") as file:
        file.set_data(volume)
        file.set_extended_header(np.zeros(3, "V128"))
        file.voxel_size = 3.25
    header = mrc.header(tmp_path / "other.mrc")
    assert header.shape == (3, 5, 7)
    assert header.pixel_size == pytest.approx(3.25)
    assert np.array_equal(mrc.read_image(tmp_path / "other.mrc", 2), volume[2])
    assert np.array_equal(mrc.mapped(tmp_path / "other.mrc"), volume)
    assert np.array_equal(list(mrc.sections(tmp_path / "other.mrc")), volume)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("mode", "dtype"), [(1, "i2"), (2, "f4"), (6, "u2"), (12, "f2")])
def test_reads_both_byte_orders_and_extended_headers(tmp_path, random, order, mode, dtype):
    volume = random.integers(0, 1000, (2, 3, 4)).astype(order + dtype)
    file = header_bytes(volume.shape, mode, order=order, extended=77) + bytes(77) + volume.tobytes()
    (tmp_path / "a.mrc").write_bytes(file)
    assert mrc.header(tmp_path / "a.mrc").pixel_size == 2.5
    assert np.array_equal(mrc.read_volume(tmp_path / "a.mrc"), volume)


@pytest.mark.parametrize(("flags", "expected"), [(None, -56), (0, 200), (1, -56)])
def test_bytes_are_signed_unless_imod_says_otherwise(tmp_path, flags, expected):
    (tmp_path / "a.mrc").write_bytes(header_bytes((1, 2, 2), 0, imod_flags=flags) + bytes([200, 0, 1, 2]))
    assert mrc.read_image(tmp_path / "a.mrc")[0].tolist() == [expected, 0]


def test_unpacks_pixels_of_four_bits(tmp_path):
    pixels = header_bytes((2, 2, 3), 101) + bytes([0x21, 0x03, 0x54, 0x06, 0xFF, 0x0F, 0x00, 0x01])
    (tmp_path / "a.mrc").write_bytes(pixels)
    assert mrc.read_image(tmp_path / "a.mrc").tolist() == [[1, 2, 3], [4, 5, 6]]
    assert mrc.read_image(tmp_path / "a.mrc", 1).tolist() == [[15, 15, 15], [0, 0, 1]]
    with pytest.raises(FormatError, match="4-bit pixels"):
        mrc.mapped(tmp_path / "a.mrc")


def test_unpacks_pixels_that_serialem_packed_into_bytes(tmp_path):
    pixels = header_bytes((1, 2, 2), 0, imod_flags=16) + bytes([0x21, 0x43, 0x65, 0x87])
    (tmp_path / "a.mrc").write_bytes(pixels)
    assert mrc.read_image(tmp_path / "a.mrc").tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_turns_maps_whose_sections_are_not_along_z(tmp_path):
    volume = np.arange(2 * 3 * 4, dtype="<f4").reshape(2, 3, 4)
    # Columns along z, rows along x, sections along y, as in some maps of the EMDB.
    stored = np.ascontiguousarray(volume.transpose(1, 2, 0))
    (tmp_path / "a.map").write_bytes(header_bytes(stored.shape, 2, axes=(3, 1, 2)) + stored.tobytes())
    assert np.array_equal(mrc.read_volume(tmp_path / "a.map"), volume)
    with pytest.raises(FormatError, match="sections, rows and columns along y x z; expected along z y x"):
        mrc.read_image(tmp_path / "a.map")


def test_reads_old_files_without_marks(tmp_path):
    pixels = np.arange(4, dtype="<i2").tobytes()
    (tmp_path / "a.mrc").write_bytes(header_bytes((1, 2, 2), 1, mark=bytes(8), axes=(0, 0, 0)) + pixels)
    assert mrc.read_image(tmp_path / "a.mrc").tolist() == [[0, 1], [2, 3]]


def test_refuses_a_missing_file(tmp_path):
    with pytest.raises(FormatError, match=r"a\.mrc: no such file; expected an MRC file"):
        mrc.header(tmp_path / "a.mrc")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 bytes; expected an MRC file"),
        (b"x" * 5000, "not an MRC header"),
        (b"\x89PNG" + bytes(5000), "not an MRC header"),
        (header_bytes((2, 3, 4), 2) + bytes(80), r"truncated: 1104 bytes; expected 1120 bytes for 2 sections of 4 x 3"),
        (header_bytes((2, 3, 4), 2) + bytes(200), "more data than its header says: 1224 bytes; expected 1120"),
        (header_bytes((2, 3, 4), 4) + bytes(192), "mode 4; expected mode 0, 1, 2"),
    ],
    ids=["empty", "foreign", "png", "truncated", "header not finished", "transform"],
)
def test_refuses_what_is_not_a_whole_image_file(tmp_path, content, message):
    (tmp_path / "a.mrc").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        mrc.read_volume(tmp_path / "a.mrc")


def test_refuses_a_section_that_is_not_there(tmp_path):
    mrc.write_mrc(tmp_path / "a.mrc", np.zeros((2, 3, 4), "f4"), 1)
    with pytest.raises(FormatError, match="2 sections; expected a section 2"):
        mrc.read_image(tmp_path / "a.mrc", 2)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_never_writes_values_that_are_not_finite(tmp_path, value):
    volume = np.zeros((2, 3, 4), "f4")
    volume[1, 2, 3] = value
    with pytest.raises(ResultError, match="section 1 holds values that are not finite"):
        mrc.write_mrc(tmp_path / "a.mrc", volume, 1)
    assert list(tmp_path.iterdir()) == []


def test_refuses_images_that_are_not_finite(tmp_path):
    mrc.require_finite(tmp_path / "a.mrc", np.ones((2, 2)))
    with pytest.raises(FormatError, match=r"a\.mrc: 2 values that are not finite"):
        mrc.require_finite(tmp_path / "a.mrc", np.array([1, np.nan, np.inf]))


def test_an_interrupted_file_never_appears(tmp_path):
    def interrupted():
        with mrc.writing(tmp_path / "a.mrc", (3, 4), 1) as writer:
            writer.write(np.zeros((3, 4), "f4"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_refuses_sections_of_two_shapes(tmp_path):
    with pytest.raises(ResultError, match="expected"), mrc.writing(tmp_path / "a.mrc", (3, 4), 1) as writer:
        writer.write(np.zeros((4, 3), "f4"))


def test_refuses_to_write_what_is_no_image(tmp_path):
    with pytest.raises(InputError, match="an array of 1 dimensions"):
        mrc.write_mrc(tmp_path / "a.mrc", np.zeros(3), 1)


def test_a_full_disk_is_said_to_be_full():
    # Closing tries to write once more, and fails too.
    with suppress(OSError), Path("/dev/full").open("wb", buffering=1024) as full:
        writer = mrc.SectionWriter(Path("volume.mrc"), full, (64, 64), np.dtype(np.float32))
        with pytest.raises(OSError, match="No space left") as error:
            writer.write(np.ones((64, 64), np.float32))
        assert error.value.errno == errno.ENOSPC
