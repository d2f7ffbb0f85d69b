import struct

import numpy as np
import pytest

from tasks.errors import FormatError
from tasks.formats import dm

NUMBERS = {"i": 3, "f": 6, "d": 7, "h": 2, "H": 4, "I": 5}


class Builder:
    """Write tags as DigitalMicrograph does, in either version."""

    def __init__(self, version, order="<"):
        self.version, self.order = version, order
        self.count = "i" if version == 3 else "q"

    def group(self, *tags):
        return b"\1\0" + struct.pack(f">{self.count}", len(tags)) + b"".join(tags)

    def tag(self, name, content, *, is_group=False):
        size = struct.pack(">q", len(content)) if self.version == 4 else b""
        return struct.pack(">BH", 20 if is_group else 21, len(name)) + name.encode() + size + content

    def branch(self, name, *tags):
        return self.tag(name, self.group(*tags), is_group=True)

    def value(self, name, description, data):
        counts = struct.pack(f">{len(description) + 1}{self.count}", len(description), *description)
        return self.tag(name, b"%%%%" + counts + data)

    def number(self, name, value, form="i"):
        return self.value(name, [NUMBERS[form]], struct.pack(self.order + form, value))

    def array(self, name, kind, values):
        return self.value(name, [20, kind, values.size], values.tobytes())

    def text(self, name, text):
        encoding = "utf-16-le" if self.order == "<" else "utf-16-be"
        return self.value(name, [20, 4, len(text)], text.encode(encoding))

    def structure(self, name):
        return self.value(name, [15, 0, 2, 0, 3, 0, 6], struct.pack(self.order + "if", 1, 2.0))

    def image(self, stack, kind, code, scale=0.25, units="nm"):
        axis = self.branch("", self.number("Scale", scale, "f"), self.text("Units", units))
        lengths = [self.number("", length) for length in reversed(stack.shape)]
        data = self.branch(
            "ImageData",
            self.branch("Calibrations", self.branch("Dimension", axis, axis)),
            self.array("Data", code, stack.astype(self.order + stack.dtype.str[1:])),
            self.number("DataType", kind),
            self.branch("Dimensions", *lengths),
        )
        return self.branch("", data, self.structure("Rectangle"))

    def file(self, *images):
        more = self.value("Points", [20, 15, 0, 1, 0, 6, 3], struct.pack(self.order + "3f", 1, 2, 3))
        root = self.group(self.text("Name", "gain"), more, self.branch("ImageList", *images))
        length = struct.pack(f">{self.count}", len(root))
        return struct.pack(">i", self.version) + length + struct.pack(">i", int(self.order == "<")) + root + bytes(8)


@pytest.fixture
def stack():
    return np.random.default_rng(4).integers(0, 1000, (3, 4, 5)).astype(np.uint16)


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("order", ["<", ">"])
def test_reads_stacks_with_y_upwards(tmp_path, stack, version, order):
    builder = Builder(version, order)
    (tmp_path / "a.dm").write_bytes(builder.file(builder.image(stack, 10, 4)))
    header = dm.header(tmp_path / "a.dm")
    assert header.shape == (3, 4, 5)
    assert header.pixel_size == 2.5
    assert np.array_equal(dm.read_volume(tmp_path / "a.dm"), stack[:, ::-1])
    assert np.array_equal(dm.read_image(tmp_path / "a.dm", 1), stack[1, ::-1])


def test_takes_the_image_after_the_thumbnail(tmp_path, stack):
    builder = Builder(4)
    thumbnail = builder.image(np.zeros((8, 8), np.int32), 23, 3)
    gain = builder.image(stack[0].astype(np.float32), 2, 6, scale=1.5, units="Å")
    (tmp_path / "gain.dm4").write_bytes(builder.file(thumbnail, gain))
    assert dm.header(tmp_path / "gain.dm4").shape == (1, 4, 5)
    assert dm.header(tmp_path / "gain.dm4").pixel_size == 1.5
    assert np.array_equal(dm.read_image(tmp_path / "gain.dm4"), stack[0, ::-1])


def test_pixels_without_a_length_have_no_pixel_size(tmp_path, stack):
    builder = Builder(3)
    (tmp_path / "a.dm3").write_bytes(builder.file(builder.image(stack, 10, 4, units="deg")))
    assert dm.header(tmp_path / "a.dm3").pixel_size is None


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_refuses_a_truncated_file(tmp_path, stack, part):
    content = Builder(4).file(Builder(4).image(stack, 10, 4))
    (tmp_path / "a.dm4").write_bytes(content[: int(part * len(content))])
    with pytest.raises(FormatError, match=r"a\.dm4"):
        dm.read_volume(tmp_path / "a.dm4")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "broken at byte 0"),
        (b"\0\0\0\7" + bytes(100), "begins with 7; expected a DM3 or DM4 file"),
        (Builder(3).file(), "no image; expected"),
        (
            Builder(3).file(Builder(3).image(np.zeros((4, 4), np.int32), 23, 3)),
            "pixels of type 23; expected real numbers",
        ),
        (Builder(3).file(Builder(3).image(np.zeros((4, 4), np.int32), 2, 3)[:-40] + bytes(40)), "a.dm3"),
    ],
)
def test_refuses_what_is_no_image(tmp_path, content, message):
    (tmp_path / "a.dm3").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        dm.read_image(tmp_path / "a.dm3")


def test_refuses_pixels_that_do_not_fit_the_dimensions(tmp_path, stack):
    content = Builder(3).file(Builder(3).image(stack, 7, 4))
    (tmp_path / "a.dm3").write_bytes(content)
    with pytest.raises(FormatError, match="120 bytes; expected 5 x 4 x 3 pixels of 4 bytes"):
        dm.header(tmp_path / "a.dm3")


def test_refuses_a_section_or_a_file_that_is_not_there(tmp_path, stack):
    (tmp_path / "a.dm3").write_bytes(Builder(3).file(Builder(3).image(stack, 10, 4)))
    with pytest.raises(FormatError, match="3 sections; expected a section 3"):
        dm.read_image(tmp_path / "a.dm3", 3)
    with pytest.raises(FormatError, match="no such file"):
        dm.header(tmp_path / "b.dm3")
