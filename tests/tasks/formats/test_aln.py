from pathlib import Path

import pytest

from tasks.errors import FormatError
from tasks.formats.aln import Aln, AlnPatch, AlnSection, DarkFrame, read_aln, write_aln

DATA = Path(__file__).parents[2] / "data" / "aretomo"


def test_reads_version_1_2():
    alignment = read_aln(DATA / "example_v1_2_0.aln")
    assert alignment.raw_size is None
    assert len(alignment.sections) == 41
    assert alignment.sections[0] == AlnSection(section=0, rotation=-93.7196, shift=(155.235, 708.750), tilt=-51.98)
    assert alignment.patches == ()


def test_reads_version_1_3():
    alignment = read_aln(DATA / "example_v1_3_0.aln")
    assert alignment.raw_size == (5760, 4092, 41)
    assert alignment.sections[40] == AlnSection(section=40, rotation=-93.6692, shift=(44.463, -809.333), tilt=68.0)


def test_reads_dark_frames_and_local_alignment():
    alignment = read_aln(DATA / "local.aln")
    assert [dark.tilt for dark in alignment.dark] == [-66.0, -64.5, 66.0, 67.5]
    assert len(alignment.sections) == 4
    assert len(alignment.patches) == 6
    assert alignment.patches[1] == AlnPatch(row=0, patch=1, centre=(-274.86, -757.91), shift=(-36.95, 11.98), good=True)


def test_nominal_angles_leave_the_offset_out(tmp_path):
    lines = (DATA / "local.aln").read_text().replace("AlphaOffset =     0.00", "AlphaOffset =    12.30")
    (tmp_path / "a.aln").write_text(f"Hello\n{lines}".replace("# BetaOffset", "# Thickness = 1910\n# BetaOffset"))
    alignment = read_aln(tmp_path / "a.aln")
    assert alignment.alpha_offset == 12.3
    assert alignment.thickness == 1910
    assert alignment.nominal_tilt(alignment.sections[0]) == pytest.approx(-61.5 - 12.3)


@pytest.mark.parametrize("name", ["example_v1_2_0.aln", "example_v1_3_0.aln", "local.aln"])
def test_writes_what_it_reads(tmp_path, name):
    alignment = read_aln(DATA / name)
    write_aln(tmp_path / name, alignment)
    assert read_aln(tmp_path / name) == alignment


def test_writes_the_columns_of_aretomo(tmp_path):
    section = AlnSection(section=3, rotation=-93.6692, shift=(157.142, -720.866), tilt=-51.98)
    dark = DarkFrame(section=1, raw_section=7, tilt=60)
    write_aln(tmp_path / "a.aln", Aln(raw_size=(5760, 4092, 41), sections=(section,), dark=(dark,)))
    lines = (tmp_path / "a.aln").read_text().splitlines()
    assert lines[3] == "# DarkFrame =     1    7    60.00"
    real = "    0   -93.6692    1.00000    157.142    720.866     1.00     1.00     1.00     0.00    -51.98"
    assert lines[-1] == real.replace("    0 ", "    3 ", 1).replace(" 720.866", "-720.866")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("1 0 0 1 0 0\n", "begins with '1 0 0 1 0 0'"),
        ("# AreTomo Alignment\n", "no table"),
        ("# AreTomo Alignment\n# SEC ROT TILT\n0 1 2\n", "no column GMAG, TX, TY"),
        ("# AreTomo Alignment\n# SEC ROT GMAG TX TY TILT\n0 1 2\n", "line 3 has 3 values; expected 6"),
        ("# AreTomo Alignment\n# SEC ROT GMAG TX TY TILT\n0 1 1 nine 2 3\n", "line 3: could not convert"),
        ("# AreTomo Alignment\n# SEC ROT GMAG TX TY TILT\n# Local Alignment\n0 0 1\n", "line 4 has 3 values"),
    ],
)
def test_refuses_what_is_no_alignment(tmp_path, content, message):
    (tmp_path / "a.aln").write_text(content)
    with pytest.raises(FormatError, match=message):
        read_aln(tmp_path / "a.aln")
