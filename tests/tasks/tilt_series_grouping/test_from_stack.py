import struct

import numpy as np
import pytest

from tasks.errors import FormatError, InputError
from tasks.formats.mrc import read_image, write_mrc
from tasks.models import Micrograph, Optics
from tasks.tilt_series_grouping import from_stack


@pytest.fixture
def stack(tmp_path):
    images = np.arange(5, dtype=np.float32)[:, None, None] * np.ones((6, 7), np.float32)
    write_mrc(tmp_path / "TS_01.st", images, 2.5, stack=True)
    return tmp_path / "TS_01.st"


def test_takes_the_angles_beside_the_stack(stack):
    stack.with_suffix(".rawtlt").write_text("10\n-10\n0\n5\n-5\n")
    series = from_stack(stack, tilt_axis_angle=85, optics=Optics(voltage=200))
    assert [tilt.angle for tilt in series.tilts] == [-10, -5, 0, 5, 10]
    assert series.tilts[0].source == Micrograph(path=stack, pixel_size=2.5, section=1)
    assert series.optics.voltage == 200
    assert [tilt.pre_exposure for tilt in series.tilts] == [0] * 5
    # The value of each image is the number of its section.
    assert [read_image(tilt.source.path, tilt.source.section)[0, 0] for tilt in series.tilts] == [1, 4, 2, 3, 0]


def test_takes_given_angles_and_the_order_in_which_they_were_taken(stack):
    series = from_stack(
        stack, [-10, -5, 0, 5, 10], tilt_axis_angle=85, order=[2, 3, 1, 0, 4], dose_per_tilt=3, pixel_size=4
    )
    assert [tilt.number for tilt in series.tilts] == [4, 3, 1, 2, 5]
    assert [tilt.pre_exposure for tilt in series.tilts] == [9, 6, 0, 3, 12]
    assert series.tilts[0].source.pixel_size == 4


def test_takes_the_order_of_acquisition_from_a_second_column(stack):
    stack.with_suffix(".rawtlt").write_text("-10 4\n-5 3\n0 1\n5 2\n10 5\n")
    series = from_stack(stack, tilt_axis_angle=85, dose_per_tilt=3)
    assert [tilt.number for tilt in series.tilts] == [4, 3, 1, 2, 5]
    assert [tilt.pre_exposure for tilt in series.tilts] == [9, 6, 0, 3, 12]


def test_takes_the_angles_in_the_header_of_the_stack(stack):
    content = bytearray(stack.read_bytes())
    struct.pack_into("<i", content, 92, 10)
    struct.pack_into("<2h", content, 128, 2, 1)
    content[1024:1024] = struct.pack("<5h", -1000, -500, 1, 500, 1000)
    stack.write_bytes(content)
    series = from_stack(stack, tilt_axis_angle=85)
    assert [tilt.angle for tilt in series.tilts] == [-10, -5, 0.01, 5, 10]


def test_takes_angles_order_dose_and_axis_of_an_mdoc(stack, write_mdoc):
    taken = {0: 3, 1: 2, 2: 0, 3: 1, 4: 4}
    sections = [
        (5 * (section - 2), None, [f"DateTime = 06-Jun-23  23:0{taken[section]}:00", "ExposureDose = 2.5"])
        for section in range(5)
    ]
    write_mdoc(sections, name="TS_01.st.mdoc")
    series = from_stack(stack)
    assert series.tilt_axis_angle == 85.3
    assert [tilt.number for tilt in series.tilts] == [4, 3, 1, 2, 5]
    assert [tilt.pre_exposure for tilt in series.tilts] == [7.5, 5, 0, 2.5, 10]


def test_excludes_a_section_without_angle_or_taken_again(stack, write_mdoc):
    sections = [(angle, None, []) for angle in (0, 3, 0.05, -3, 6)]
    path = write_mdoc(sections, name="a.mdoc")
    path.write_text(path.read_text().replace("TiltAngle = 6\n", ""))
    series = from_stack(stack, path)
    reasons = {one.name: one.reason for one in series.excluded}
    assert reasons["TS_01_004"] == "its tilt angle is not known"
    assert "taken again at 0.05 degree" in reasons["TS_01_000"]


def test_small_steps_are_not_repeats_but_a_series_taken_twice_is(stack):
    series = from_stack(stack, [-0.4, -0.2, 0, 0.2, 0.4], tilt_axis_angle=0)
    assert series.excluded == ()
    with pytest.raises(InputError, match="2 usable tilts; TS_01_000: taken again"):
        from_stack(stack, [-3, 0, -3.01, 0.02, 0], tilt_axis_angle=0)


def test_writes_a_digitalmicrograph_stack_as_mrc(tmp_path):
    def number(name, value):
        return (
            struct.pack(">BH", 21, len(name))
            + name.encode()
            + b"%%%%"
            + struct.pack(">ii", 1, 3)
            + struct.pack("<i", value)
        )

    def group(*tags):
        return b"\1\0" + struct.pack(">i", len(tags)) + b"".join(tags)

    def branch(name, *tags):
        return struct.pack(">BH", 20, len(name)) + name.encode() + group(*tags)

    images = np.arange(3 * 4 * 5, dtype="<i4").reshape(3, 4, 5)
    data = struct.pack(">BH", 21, 4) + b"Data%%%%" + struct.pack(">4i", 3, 20, 3, images.size) + images.tobytes()
    image = branch(
        "ImageData", data, number("DataType", 7), branch("Dimensions", number("", 5), number("", 4), number("", 3))
    )
    content = group(branch("ImageList", branch("", image)))
    path = tmp_path / "needle.dm3"
    path.write_bytes(struct.pack(">iii", 3, len(content), 1) + content)

    series = from_stack(path, [-10, 0, 10], folder=tmp_path / "out", pixel_size=180, tilt_axis_angle=0)
    source = series.tilts[1].source
    assert source.path == tmp_path / "out" / "needle.mrc"
    assert np.array_equal(read_image(source.path, source.section), images[1, ::-1])
    with pytest.raises(InputError, match="a folder to write it to"):
        from_stack(path, [-10, 0, 10], pixel_size=180, tilt_axis_angle=0)
    with pytest.raises(InputError, match="no pixel size"):
        from_stack(path, [-10, 0, 10], folder=tmp_path / "out", tilt_axis_angle=0)


def test_refuses_angles_that_do_not_belong_to_the_stack(stack, write_mdoc):
    with pytest.raises(InputError, match=r"4 tilt angles; expected 5, one for each section of TS_01\.st"):
        from_stack(stack, [1, 2, 3, 4], tilt_axis_angle=0)
    with pytest.raises(FormatError, match=r"no tilt angles; expected them in its header or in TS_01\.st\.mdoc"):
        from_stack(stack, tilt_axis_angle=0)
    mdoc = write_mdoc([(angle, None, []) for angle in range(4)])
    with pytest.raises(InputError, match="sections 0, 1, 2, 3; expected 0 to 4"):
        from_stack(stack, mdoc)


def test_refuses_what_would_make_doses_or_axes_up(stack):
    angles = [-10, -5, 0, 5, 10]
    with pytest.raises(InputError, match="a dose, but no order of acquisition"):
        from_stack(stack, angles, tilt_axis_angle=0, dose_per_tilt=3)
    with pytest.raises(InputError, match="order 0, 0, 1, 2, 3; expected each section from 0 to 4 once"):
        from_stack(stack, angles, tilt_axis_angle=0, order=[0, 0, 1, 2, 3])
    with pytest.raises(InputError, match="no tilt axis angle"):
        from_stack(stack, angles)
