import json
from pathlib import Path

import numpy as np
import pytest
from stand_ins.installing import calls, install

from tasks.errors import InputError, ResultError
from tasks.formats.aln import read_aln
from tasks.formats.mrc import read_volume, write_mrc
from tasks.models import ImagedTiltSeries, Micrograph, Tilt, TiltImage
from tasks.tilt_series_alignment import AreTomo3Alignment
from tasks.tilt_series_alignment.aretomo_files import read_score, read_tilts

DATA = Path(__file__).parents[2] / "data" / "aretomo"

# As AreTomo3 prints it.
LOG = """Tilt offset     1.50, CC:   0.4512
Best tilt axis:   57, Score:   0.07568
Best tilt axis:   50, Score:   0.08123
Rot center Z  120.0  3.0  2.0
Total time: 12.3 sec
"""

ALN = """Hello
# AreTomo Alignment / Priims bprmMn
# RawSize = 12 10 4
# NumPatches = 0
# DarkFrame =     3    3    60.00
# AlphaOffset =     1.50
# BetaOffset =     0.00
# Thickness = 300
# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT
    0   -93.6692    1.00000      3.000     -2.500     1.00     1.00     1.00     0.00     -1.50
    1   -93.6692    1.00000      1.000      0.500     1.00     1.00     1.00     0.00      1.50
    2   -93.6692    1.00000     -2.000      4.000     1.00     1.00     1.00     0.00      4.50
"""


@pytest.fixture
def series(tmp_path: Path) -> ImagedTiltSeries:
    path = tmp_path / "stack.mrc"
    write_mrc(path, np.arange(4 * 120, dtype=np.float32).reshape(4, 10, 12), 2.0, stack=True)
    images = []
    for section, (angle, number) in enumerate([(60.0, 4), (0.0, 1), (3.0, 2), (-3.0, 3)]):
        micrograph = Micrograph(path=path, pixel_size=2.0, section=section)
        tilt = Tilt(name=f"t{number}", angle=angle, number=number, source=micrograph)
        images.append(TiltImage(tilt=tilt, micrograph=micrograph))
    return ImagedTiltSeries(name="ts_01", images=tuple(images), tilt_axis_angle=-94.0)


@pytest.fixture
def aretomo3(tmp_path: Path) -> str:
    """A program that keeps its arguments and inputs, and writes what AreTomo3 writes."""
    (tmp_path / "alignment.aln").write_text(ALN)
    (tmp_path / "output.log").write_text(LOG)
    program = tmp_path / "AreTomo3"
    program.write_text(f"""#!/usr/bin/env python3
import json, pathlib, shutil, sys
here = pathlib.Path({str(tmp_path)!r})
if sys.argv[1:] == ["--version"]:
    print("version 2.2.2, built on Jun 02 2025")
    sys.exit()
(here / "arguments.json").write_text(json.dumps(sys.argv[1:]))
stack = pathlib.Path(sys.argv[sys.argv.index("-InPrefix") + 1])
shutil.copy(stack, here / "seen.mrc")
shutil.copy(stack.with_name(stack.stem + "_TLT.txt"), here / "seen_TLT.txt")
if (here / "alignment.aln").exists():
    shutil.copy(here / "alignment.aln", stack.with_suffix(".aln"))
print((here / "output.log").read_text(), end="")
""")
    program.chmod(0o755)
    return str(program)


def test_reads_what_aretomo_found(series, aretomo3, tmp_path):
    alignment = AreTomo3Alignment(executable=aretomo3).align(series, tmp_path / "out")
    assert [tilt.name for tilt in alignment.tilts] == ["t3", "t1", "t2"]
    assert [tilt.angle for tilt in alignment.tilts] == [-1.5, 1.5, 4.5]
    assert alignment.tilts[0].displacement == (6.0, -5.0)
    assert alignment.tilt_axis_angle == -93.6692
    assert alignment.score == 0.08123
    assert alignment.tilt_offset == 1.5
    assert alignment.thickness == 600
    assert alignment.program == "AreTomo3 2.2.2"
    (dark,) = alignment.excluded
    assert dark.name == "t4"
    assert dark.reason.startswith("dark")


def test_keeps_the_alignment_as_it_was_written(series, aretomo3, tmp_path):
    alignment = AreTomo3Alignment(executable=aretomo3).align(series, tmp_path / "out")
    assert (tmp_path / "out" / "ts_01_aretomo3.aln").read_text() == ALN
    assert len(alignment.transforms.read_text().splitlines()) == 3
    assert not list((tmp_path / "out").glob(".*"))


def test_gives_the_images_in_order_of_the_angle(series, aretomo3, tmp_path):
    AreTomo3Alignment(executable=aretomo3).align(series, tmp_path / "out")
    assert read_volume(tmp_path / "seen.mrc")[:, 0, 0].tolist() == [360, 120, 240, 0]
    lines = [line.split() for line in (tmp_path / "seen_TLT.txt").read_text().splitlines()]
    assert lines == [["-3.00", "3"], ["0.00", "1"], ["3.00", "2"], ["60.00", "4"]]


def test_command_is_whole(series):
    tool = AreTomo3Alignment(
        level=0, tilt_offset=12.5, patches=(4, 4), height=1200, dark_tolerance=0.5, gpus=(0, 1), refine_tilt_axis=False
    )
    assert tool.command(series, Path("/data/ts_01.mrc")) == [
        *("AreTomo3", "-Cmd", "1", "-InPrefix", "/data/ts_01.mrc", "-OutDir", "/data", "-PixSize", "2"),
        *("-TiltCor", "-1", "-TiltAxis", "-94", "-1", "-VolZ", "0", "-AtPatch", "4", "4", "-AlignZ", "1200"),
        *("-DarkTol", "0.5", "-Gpu", "0", "1"),
    ]


def test_runs_the_command(series, aretomo3, tmp_path):
    AreTomo3Alignment(executable=aretomo3).align(series, tmp_path / "out")
    words = json.loads((tmp_path / "arguments.json").read_text())
    assert words[:2] == ["-Cmd", "1"]
    assert words[6:] == ["-PixSize", "2", "-TiltCor", "1", "-TiltAxis", "-94", "1", "-VolZ", "0", "-Gpu", "0"]


def test_refuses_to_go_on_without_alignment(series, aretomo3, tmp_path):
    (tmp_path / "alignment.aln").unlink()
    with pytest.raises(ResultError, match=r"did not write ts_01\.aln"):
        AreTomo3Alignment(executable=aretomo3).align(series, tmp_path / "out")


def test_refuses_an_alignment_that_forgets_an_image(series, aretomo3, tmp_path):
    (tmp_path / "alignment.aln").write_text("".join(line for line in ALN.splitlines(True) if "DarkFrame" not in line))
    with pytest.raises(ResultError, match="0 images left out as dark, but no row of t4"):
        AreTomo3Alignment(executable=aretomo3).align(series, tmp_path / "out")


def test_refuses_an_output_without_score():
    with pytest.raises(ResultError, match="no score"):
        read_score("Total time: 12.3 sec\n")


def test_refuses_a_series_of_two_images(series, tmp_path):
    with pytest.raises(InputError, match="2 images; expected at least 3"):
        AreTomo3Alignment().align(series.model_copy(update={"images": series.images[:2]}), tmp_path)


@pytest.mark.parametrize("name", ["example_v1_2_0.aln", "example_v1_3_0.aln", "local.aln"])
def test_finds_the_tilts_of_real_alignments(name):
    alignment = read_aln(DATA / name)
    nominal = [alignment.nominal_tilt(section) for section in alignment.sections]
    nominal += [frame.tilt for frame in alignment.dark]
    section = Micrograph(path=Path("stack.mrc"), pixel_size=1.5)
    images = [
        TiltImage(tilt=Tilt(name=str(index), angle=angle, number=index + 1, source=section), micrograph=section)
        for index, angle in enumerate(nominal)
    ]
    tilts, dark = read_tilts(alignment, images, DATA / name)
    assert len(tilts) == len(alignment.sections)
    assert len(dark) == len(alignment.dark)
    first = min(alignment.sections, key=lambda row: row.tilt)
    assert tilts[0].displacement == pytest.approx((first.shift[0] * 1.5, first.shift[1] * 1.5))


def test_what_it_finds_means_what_it_does_in_the_program(without_beads, tmp_path):
    program = install("aretomo3", tmp_path / "bin", "AreTomo3")
    images = without_beads.series.images[3:16]
    series = without_beads.series.model_copy(update={"images": images})
    alignment = AreTomo3Alignment(executable=str(program), patches=(2, 2)).align(series, tmp_path / "out")
    # The stand-in aligns whole images only, which is good for some pixels; they are some 20 pixels off.
    assert without_beads.error(alignment) < 4
    assert alignment.thickness
    written = read_aln(alignment.transforms.with_suffix(".aln"))
    assert len(written.patches) == 4 * len(images)
    assert calls(program)[0] == ["--version"]


def test_a_known_offset_is_in_the_angles_that_it_reads(series, aretomo3, tmp_path):
    rows = ALN.replace("AlphaOffset =     1.50", "AlphaOffset =     0.00").replace("60.00", "72.00")
    for nominal, given in (("-1.50", "9.00"), ("1.50", "12.00"), ("4.50", "15.00")):
        rows = rows.replace(f"0.00{nominal:>10}\n", f"0.00{given:>10}\n")
    (tmp_path / "alignment.aln").write_text(rows)
    alignment = AreTomo3Alignment(executable=aretomo3, tilt_offset=12.0).align(series, tmp_path / "out")
    assert [line.split()[0] for line in (tmp_path / "seen_TLT.txt").read_text().splitlines()] == [
        *("9.00", "12.00", "15.00", "72.00"),
    ]
    assert [tilt.angle for tilt in alignment.tilts] == [9.0, 12.0, 15.0]
    assert alignment.tilt_offset == 12.0
    flat = AreTomo3Alignment(executable=aretomo3, tilt_offset=12.0, level=0).align(series, tmp_path / "out")
    assert [tilt.angle for tilt in flat.tilts] == [-3.0, 0.0, 3.0]
    assert flat.tilt_offset == 0.0
