from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.errors import FormatError
from tasks.formats.mdoc import read_mdoc
from tasks.formats.mdoc_time import read_time

DATA = Path(__file__).parents[2] / "data" / "mdoc"

TOMOGRAPHY = """DataMode = 6
ImageSize = 4096 4096
ImageFile = Position_1.mrc
PixelSpacing = 1.54
Voltage = 300.00

[T = Tomography: KRIOS-9930543 20-Feb-2026 16:58:06]

[T =   TiltAxisAngle = -173.94  Binning = 1  SpotSize = 6]

[ZValue = 0]
RotationAngle = 83.94
SubFramePath = \\\\server\\share\\Position_1_001_-20.00_20260220_165800_EER.eer
TiltAngle = -20.02
DateTime = 20-Feb-2026 16:58:06
"""


def test_reads_a_tilt_series_of_serialem():
    mdoc = read_mdoc(DATA / "serialem_2015.mdoc")
    assert (mdoc.software, mdoc.tilt_axis_angle, mdoc.pixel_size, mdoc.image_file) == (
        "SerialEM",
        85.3,
        5.4,
        "TS_01.mrc",
    )
    assert len(mdoc.sections) == 4
    section = mdoc.sections[1]
    assert section.tilt_angle == 3.00113
    assert section.file_name == "TS_01_001_3.0.mrc"
    assert section.taken == datetime(2015, 11, 30, 15, 22, 37, tzinfo=UTC)
    assert section.frames == 8
    assert section.exposure_dose == 0
    assert section.prior_dose is None
    assert section.target_defocus == 40_000


def test_reads_years_of_four_digits_and_titles_with_fewer_spaces():
    mdoc = read_mdoc(DATA / "serialem_2023.mdoc")
    assert mdoc.tilt_axis_angle == 94.0
    assert mdoc.voltage == 300
    assert mdoc.sections[0].taken == datetime(2023, 8, 11, 17, 44, 56, tzinfo=UTC)
    assert mdoc.sections[0].defocus == pytest.approx(53_008.9)
    assert mdoc.sections[3].file_name == "amelo_20230811_33kx_hydraliftout_0019_-3.0.tif"


def test_reads_the_mdoc_of_one_movie():
    mdoc = read_mdoc(DATA / "serialem_frame.mdoc")
    (section,) = mdoc.sections
    assert section.kind == "FrameSet"
    assert section.file_name == "s_mmm_00993_33.0_Oct08_07.39.05.tif"
    # SerialEM's RotationAngle is 90 degree more than the direction of the axis.
    assert mdoc.tilt_axis_angle == pytest.approx(88.414)


def test_both_ways_in_which_serialem_says_the_axis_agree(tmp_path):
    for name, expected in (("serialem_2015.mdoc", 85.3), ("serialem_2023.mdoc", 94.0)):
        text = (DATA / name).read_text()
        (tmp_path / name).write_text("\n".join(line for line in text.splitlines() if "xis angle" not in line))
        assert read_mdoc(tmp_path / name).tilt_axis_angle == pytest.approx(expected)


@pytest.mark.parametrize("without", ["RotationAngle", "TiltAxisAngle"])
def test_takes_the_axis_of_tomography_from_the_rotation_angle(tmp_path, without):
    lines = [line for line in TOMOGRAPHY.splitlines() if without not in line]
    (tmp_path / "a.mdoc").write_text("\n".join(lines))
    mdoc = read_mdoc(tmp_path / "a.mdoc")
    assert mdoc.software == "Tomography"
    assert mdoc.tilt_axis_angle == pytest.approx(83.94)
    assert mdoc.sections[0].file_name == "Position_1_001_-20.00_20260220_165800_EER.eer"


def test_says_nothing_where_nothing_is_said(tmp_path):
    (tmp_path / "a.mdoc").write_bytes(
        b"\xef\xbb\xbfPixelSpacing =\r\n[ZValue = 0]\r\nDateTime = \r\nNote = a=b=c \xb0\r\n"
    )
    mdoc = read_mdoc(tmp_path / "a.mdoc")
    assert mdoc.pixel_size is None
    assert mdoc.tilt_axis_angle is None
    assert mdoc.sections[0].taken is None
    assert mdoc.sections[0].file_name is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("PixelSpacing = 1\n", "no section"),
        ("[ZValue = 0]\nTiltAngle = steep\n", "TiltAngle = steep in the section at line 1; expected a number"),
        ("[ZValue = 0]\n\n[ZValue = 1]\nTiltAngle = nan\n", "TiltAngle = nan in the section at line 3"),
        ("[ZValue = 0]\nDateTime = noon\n", "DateTime = noon; expected a time such as"),
        ("[ZValue = 0]\nDateTime = 31-Foo-20  10:00:00\n", "no month is called Foo"),
    ],
)
def test_refuses_what_it_cannot_read(tmp_path, text, message):
    (tmp_path / "a.mdoc").write_text(text)
    with pytest.raises(FormatError, match=message):
        read_mdoc(tmp_path / "a.mdoc")


@pytest.mark.parametrize(
    ("text", "year_first"),
    [
        ("30-Nov-21  17:42:06", False),
        ("21-Nov-30  17:42:06", True),
        ("30-Nov-2021  17:42:06", True),
        ("30-nov-2021 5:42:06 PM", False),
        ("2021-11-30 17:42:06", False),
        ("2021-11-30T17:42:06.5", False),
        ("30.11.2021 17:42:06", False),
    ],
)
def test_reads_times_however_they_are_written(text, year_first):
    assert read_time(Path("a.mdoc"), text, year_first=year_first) == datetime(2021, 11, 30, 17, 42, 6, tzinfo=UTC)


def test_reads_months_of_other_languages():
    assert read_time(Path("a.mdoc"), "01-Okt-21 00:00:00").month == 10
    assert read_time(Path("a.mdoc"), "01-Mai-21 12:00:00 AM").hour == 0
