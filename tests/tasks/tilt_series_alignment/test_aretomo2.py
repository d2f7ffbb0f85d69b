from pathlib import Path

import pytest
from stand_ins.installing import calls, install

from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.aln import read_aln
from tasks.tilt_series_alignment import AreTomo2Alignment


@pytest.fixture
def aretomo2(tmp_path):
    return install("aretomo2", tmp_path / "bin", "AreTomo2")


@pytest.fixture(scope="module")
def aligned(without_beads, tmp_path_factory):
    folder = tmp_path_factory.mktemp("aretomo2")
    program = install("aretomo2", folder / "bin", "AreTomo2")
    return program, AreTomo2Alignment(executable=str(program), patches=(2, 2)).align(
        without_beads.series, folder / "out"
    )


def test_what_it_finds_means_what_it_does_in_the_program(without_beads, aligned):
    _, alignment = aligned
    # The stand-in aligns whole images only, which is good for some pixels; they are some 20 pixels off.
    assert without_beads.error(alignment) < 4
    assert alignment.program == "AreTomo2 1.1.3"
    assert 0 < alignment.score <= 1


def test_the_offset_in_the_angles_is_told_by_the_log(without_beads, aligned):
    _, alignment = aligned
    assert alignment.tilt_offset is not None
    nominal = [image.tilt.angle for image in without_beads.series.images]
    assert [tilt.angle - alignment.tilt_offset for tilt in alignment.tilts] == pytest.approx(nominal, abs=0.02)


def test_the_program_is_asked_what_it_should_be(aligned):
    program, _ = aligned
    version, asked = calls(program)
    assert version == ["--version"]
    assert asked == [
        *("-InMrc", "tilts.mrc", "-OutMrc", "tilts_ali.mrc", "-AngFile", "tilts_TLT.txt", "-PixSize", "10"),
        *("-TiltCor", "1", "-TiltAxis", asked[asked.index("-TiltAxis") + 1], "1", "-VolZ", "0", "-OutBin", "8"),
        *("-Patch", "2", "2", "-AlignZ", "600", "-DarkTol", "0.7", "-Gpu", "0"),
    ]


def test_keeps_the_local_alignment_for_programs_that_know_it(aligned):
    _, alignment = aligned
    written = read_aln(alignment.transforms.with_suffix(".aln"))
    kept = read_aln(alignment.transforms.with_name("ts_01_aretomo2.aln"))
    assert len(written.patches) == 4 * len(alignment.tilts)
    assert written.patches == kept.patches


def test_the_command_is_whole(without_beads):
    series = without_beads.series.model_copy(update={"tilt_axis_angle": 0.0})
    tool = AreTomo2Alignment(level=0, tilt_offset=-8.5, refine_tilt_axis=False, height=900, gpus=(1, 2))
    assert tool.command(series, Path("/scratch/ts.mrc")) == [
        *("AreTomo2", "-InMrc", "ts.mrc", "-OutMrc", "ts_ali.mrc", "-AngFile", "ts_TLT.txt", "-PixSize", "10"),
        *("-TiltCor", "-1", "-TiltAxis", "0.01", "-1", "-VolZ", "0", "-OutBin", "8"),
        *("-AlignZ", "900", "-DarkTol", "0.7", "-Gpu", "1", "2"),
    ]


def written_by(tmp_path: Path, aln: str, log: str = "Best tilt axis:   50, Score:   0.08123") -> AreTomo2Alignment:
    program = tmp_path / "AreTomo2"
    answer = 'if [ "$1" = --version ]; then echo "AreTomo2 version 1.1.3"; exit; fi\n'
    program.write_text(f"#!/bin/sh\n{answer}{aln}\ncat <<'END'\n{log}\nEND\n")
    program.chmod(0o755)
    return AreTomo2Alignment(executable=str(program))


def test_running_out_of_memory_is_told_from_other_failures(without_beads, tmp_path):
    tool = written_by(tmp_path, "", "Error: cudaMalloc: out of memory")
    with pytest.raises(CommandError, match="it ran out of memory"):
        tool.align(without_beads.series, tmp_path / "out")
    with pytest.raises(ResultError, match=r"ended well but did not write tilts\.aln"):
        written_by(tmp_path, "").align(without_beads.series, tmp_path / "out")


def test_finds_dark_images_whose_angle_holds_the_offset(without_beads, tmp_path):
    # Version 1.1.3 adds the offset to the angles of dark images too.
    series = without_beads.series.model_copy(update={"images": without_beads.series.images[:4]})
    first, *others = (image.tilt.angle for image in series.images)
    rows = "".join(
        f"{n:5d} -93.0 1.0 {n}.0 2.0 1.00 1.00 1.00 0.00 {angle + 2:8.2f}\n" for n, angle in enumerate(others, start=1)
    )
    heading = "# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT"
    head = f"# AreTomo Alignment / Priims bprmMn\n# RawSize = 160 144 4\n# DarkFrame =  0 0 {first + 2:.2f}\n{heading}"
    tool = written_by(
        tmp_path,
        f"cat > tilts.aln <<'END'\n{head}\n{rows}END",
        "Tilt offset:     2.00,  CC: 0.4512\nBest tilt axis:   50, Score:   0.08123",
    )
    alignment = tool.align(series, tmp_path / "out")
    assert [left.name for left in alignment.excluded] == [series.images[0].tilt.name]
    assert [tilt.name for tilt in alignment.tilts] == [image.tilt.name for image in series.images[1:]]
    assert alignment.tilts[0].displacement == (10.0, 20.0)


def test_a_known_offset_is_in_the_angles_that_it_reads(without_beads, aretomo2, tmp_path):
    series = without_beads.series.model_copy(update={"images": without_beads.series.images[4:13]})
    tool = AreTomo2Alignment(executable=str(aretomo2), tilt_offset=3.0, refine_tilt_axis=False)
    alignment = tool.align(series, tmp_path / "out")
    assert alignment.tilt_offset == 3.0
    nominal = [image.tilt.angle for image in series.images]
    assert [tilt.angle - 3 for tilt in alignment.tilts] == pytest.approx(nominal, abs=0.02)


def test_a_program_that_is_not_there_is_an_error(without_beads, tmp_path):
    with pytest.raises(CommandError, match="was not found"):
        AreTomo2Alignment(executable="/no/AreTomo2").align(without_beads.series, tmp_path)


def test_refuses_a_series_of_two_images(without_beads, tmp_path):
    few = without_beads.series.model_copy(update={"images": without_beads.series.images[:2]})
    with pytest.raises(InputError, match="2 images; expected at least 3"):
        AreTomo2Alignment().align(few, tmp_path)
