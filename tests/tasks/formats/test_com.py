from pathlib import Path

import pytest

from tasks.errors import FormatError
from tasks.formats.com import Newstack, Tilt, read_newstack, read_tilt, write_newstack, write_tilt

DATA = Path(__file__).parents[2] / "data" / "imod"


def test_reads_a_real_command_file_for_newstack():
    assert read_newstack(DATA / "newst.com") == Newstack(
        inputs=("mka2018-10-01-1.mrc",),
        output="mka2018-10-01-1_ali.mrc",
        transforms="mka2018-10-01-1.xf",
        size=(928, 958),
        binning=4,
    )


def test_reads_a_real_command_file_for_tilt():
    assert read_tilt(DATA / "tilt.com") == Tilt(
        projections="mka2018-10-01-1_ali.mrc",
        output="mka2018-10-01-1_full_rec.mrc",
        angles="mka2018-10-01-1.tlt",
        x_tilts="mka2018-10-01-1.xtilt",
        binning=4,
        thickness=2000,
        full_size=(3708, 3832),
        subset_start=(-2, 0),
    )


def test_reads_back_newstack(tmp_path):
    newstack = Newstack(
        inputs=("/data/a b.mrc", "/data/c.mrc"),
        sections=((0, 1, 2, 5), (4, 3)),
        output="ali.mrc",
        transforms="a.xf",
        lines=tuple(range(6)),
        size=(100, 90),
        offset=(1.5, -2.0),
        binning=2,
        input_binning=2.0,
    )
    write_newstack(tmp_path / "newst.com", newstack)
    assert read_newstack(tmp_path / "newst.com") == newstack
    assert "SectionsToRead\t0-2,5\n" in (tmp_path / "newst.com").read_text()


def test_reads_back_tilt(tmp_path):
    tilt = Tilt(
        projections="ali.mrc",
        output="rec.mrc",
        angles="a.tlt",
        x_tilts="a.xtilt",
        binning=4,
        full_size=(400, 380),
        subset_start=(-2, 3),
        thickness=300,
        offset=-1.25,
        axis_offset=3,
        x_axis_tilt=0.5,
        shift=(1.0, -7.5),
        excluded=(1, 2, 3, 9),
    )
    write_tilt(tmp_path / "tilt.com", tilt)
    assert read_tilt(tmp_path / "tilt.com") == tilt


def test_lists_count_down_and_options_are_known_in_any_case(tmp_path):
    path = tmp_path / "tilt.com"
    path.write_text(
        "$tilt -StandardInput\ninputprojections a.ali\nOUTPUTFILE a.rec\nTiltFile a.tlt\nTHICKNESS 90\n"
        "# EXCLUDELIST 40\nEXCLUDELIST 1,9-7\nExcludeList2 12\n$if (-e ./savework) ./savework\n"
    )
    assert read_tilt(path).excluded == (1, 9, 8, 7, 12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$newstack -StandardInput\nInputFile a.mrc\n", "does not run tilt"),
        ("$tilt -StandardInput\nInputProjections a.ali\nOutputFile b\nTILTFILE c\n", "thickness: Field required"),
        ("$tilt -StandardInput\nInputProjections a.ali\nTHICKNESS thick\n", "thickness thick"),
        ("$tilt -StandardInput\nInputProjections a.ali\nEXCLUDELIST 0\n", "Field required"),
        ("$tilt -StandardInput\nInputProjections a.ali\nEXCLUDELIST one\n", "list 'one'"),
    ],
)
def test_refuses_a_file_that_says_too_little(tmp_path, text, message):
    path = tmp_path / "tilt.com"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_tilt(path)
