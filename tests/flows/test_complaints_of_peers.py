"""What users of other programs complain about, where it has no better home; docs/known_complaints.md lists all."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from motion_correction_movies import moving_counts
from stand_ins.installing import install

from flows.doctor.members import programs
from flows.outcomes import failure_of
from tasks.errors import CommandError, InputError
from tasks.formats.mrc import write_mrc
from tasks.formats.tiff import write_tiff_frames
from tasks.models import Acquisition, Movie
from tasks.motion_correction import MotionCor3
from tasks.tilt_series_grouping import from_mdoc, from_mdocs

ACQUISITION = Acquisition(pixel_size=2.0, dose_per_frame=1.0)
ANGLES = (0.0, 3.0, -3.0, 6.0, -6.0)
TITLE = "[T =     Tilt axis angle = 85.3, binning = 1]"


@pytest.fixture
def frames(tmp_path) -> Path:
    """A folder with a movie for each tilt."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for angle in ANGLES:
        write_tiff_frames(folder / f"TS_01_{angle:.1f}.tif", list(np.ones((3, 4, 5), np.uint8)), 2.0)
    return folder


def mdoc(path: Path, sections: Sequence[Sequence[str]]) -> Path:
    lines = ["PixelSpacing = 2", "Voltage = 300", "", TITLE, ""]
    for number, fields in enumerate(sections):
        lines += [f"[ZValue = {number}]", *fields, ""]
    path.write_text("\n".join(lines))
    return path


def fields(angle: float, minute: int) -> list[str]:
    """Return the fields of a tilt as SerialEM writes them, with some that nobody needs between them."""
    return [
        f"TiltAngle = {angle}",
        "StagePosition = 12.1 -33.9",
        "Intensity = 0.12",
        f"SubFramePath = D:\\frames\\TS_01_{angle:.1f}.tif",
        "NumSubFrames = 3",
        f"DateTime = 06-Jun-23  23:{minute:02d}:00",
    ]


@pytest.mark.parametrize("order", ["as SerialEM writes", "reversed", "alternating"])
def test_no_tilt_is_lost_whatever_the_order_of_the_fields_in_an_mdoc(tmp_path, frames, order):
    sections = [fields(angle, minute) for minute, angle in enumerate(ANGLES)]
    if order != "as SerialEM writes":
        step = 1 if order == "reversed" else 2
        sections = [section[::-1] if number % step == 0 else section for number, section in enumerate(sections)]
    series = from_mdoc(mdoc(tmp_path / "TS_01.mdoc", sections), frames, ACQUISITION)
    assert [tilt.angle for tilt in series.tilts] == sorted(ANGLES)
    assert len({tilt.source.path for tilt in series.tilts}) == len(ANGLES)


def test_a_tilt_without_its_movie_is_told_before_any_work_and_not_passed_over(tmp_path, frames):
    (frames / "TS_01_3.0.tif").unlink()
    sections = [fields(angle, minute) for minute, angle in enumerate(ANGLES)]
    series = from_mdoc(mdoc(tmp_path / "TS_01.mdoc", sections), frames, ACQUISITION)
    assert len(series.tilts) == 4
    (excluded,) = series.excluded
    assert "TS_01_3.0" in excluded.name


def test_a_field_that_is_cut_off_costs_its_tilt_with_a_reason_and_is_no_crash(tmp_path, frames):
    path = mdoc(tmp_path / "TS_01.mdoc", [fields(angle, minute) for minute, angle in enumerate(ANGLES)])
    path.write_text(path.read_text().replace("TiltAngle = 3.0", "TiltAngle ="))
    series = from_mdoc(path, frames, ACQUISITION)
    assert len(series.tilts) == 4
    assert [(one.name, one.reason) for one in series.excluded] == [("TS_01_3.0", "its tilt angle is not known")]


def test_an_mdoc_of_which_too_little_is_left_is_refused_before_any_program_starts(tmp_path, frames):
    path = mdoc(tmp_path / "TS_01.mdoc", [fields(angle, minute)[1:] for minute, angle in enumerate(ANGLES)])
    with pytest.raises(InputError, match=r"0 usable tilts"):
        from_mdoc(path, frames, ACQUISITION)


def test_a_series_needs_no_preview_stack_beside_its_mdoc(tmp_path, frames):
    mdoc(tmp_path / "TS_01.mrc.mdoc", [fields(angle, minute) for minute, angle in enumerate(ANGLES)])
    assert not (tmp_path / "TS_01.mrc").exists()
    (series,) = from_mdocs(tmp_path, frames, ACQUISITION).series
    assert len(series.tilts) == len(ANGLES)


@pytest.fixture
def movie(tmp_path) -> Movie:
    counts = moving_counts((64, 72), np.zeros((8, 2)), seed=5)
    write_tiff_frames(tmp_path / "movie.tiff", list(counts), 2.0)
    return Movie(path=tmp_path / "movie.tiff", acquisition=ACQUISITION)


def blackening(program: Path, suffix: str) -> Path:
    """Wrap a program so that one of the images that it writes is black, as happens on some GPUs, and its status 0."""
    black = program.with_name("black.mrc")
    write_mrc(black, np.zeros((64, 72), np.float32), 2.0)
    wrapper = program.with_name(f"blackening_{program.name}")
    wrapper.write_text(
        f"#!{sys.executable}\n"
        "import shutil, subprocess, sys, pathlib\n"
        f"status = subprocess.run([{str(program)!r}, *sys.argv[1:]]).returncode\n"
        "words = dict(zip(sys.argv[1:], sys.argv[2:]))\n"
        "if '-OutMrc' in words:\n"
        "    out = pathlib.Path(words['-OutMrc'])\n"
        f"    shutil.copy({str(black)!r}, out.with_name(out.stem + {suffix!r} + '.mrc'))\n"
        "sys.exit(status)\n"
    )
    wrapper.chmod(0o755)
    return wrapper


@pytest.mark.parametrize("suffix", ["_DW", "_ODD"])
def test_a_program_that_ends_well_but_writes_black_images_has_failed_and_is_tried_again(movie, tmp_path, suffix):
    program = blackening(install("motioncor3", tmp_path / "bin", "MotionCor3"), suffix)
    with pytest.raises(CommandError, match=rf"ended well, but movie{suffix}.mrc holds nothing but 0") as failed:
        MotionCor3(executable=str(program)).correct(movie, tmp_path / "out")
    assert failure_of(failed.value).kind == "tool-error"
    assert not list((tmp_path / "out").glob("*.json")), "nothing is recorded"


def test_no_tool_asks_its_user_for_flags_or_for_a_mode_that_waits_for_files():
    named = {"flags", "arguments", "options", "extra", "serial", "additional_arguments", "command"}
    for program in programs():
        for member in program.members:
            assert not named & set(member.model_fields), (
                f"{member.__name__} wants what a program's manual has to explain"
            )


def test_every_tool_that_starts_a_program_says_which_version_it_is_for_the_record():
    silent = {member.__name__ for program in programs() for member in program.members if not hasattr(member, "version")}
    assert silent == set()


def test_the_page_of_complaints_answers_all_thirty_by_tests_that_exist():
    root = Path(__file__).parents[2]
    page = (root / "docs" / "known_complaints.md").read_text()
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)] == list(range(1, 31))
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", page)
    assert len(named) >= 30
    lost = [f"{file}::{test}" for file, test in named if f"def {test}(" not in (root / file).read_text()]
    assert lost == []
