from pathlib import Path

import pytest
from stand_ins.imod import install_imod
from stand_ins.installing import calls

from tasks.errors import CommandError, InputError, ResultError
from tasks.tilt_series_alignment import ImodAlignment
from tasks.tilt_series_alignment.imod_directives import Markers
from tasks.tilt_series_alignment.imod_log import read_align_log, why_stopped

DATA = Path(__file__).parents[2] / "data" / "imod"

PATCHES = """setupset.copyarg.userawtlt = 1
setupset.copyarg.stackext = mrc
setupset.copyarg.dual = 0
setupset.copyarg.rotation = 85
setupset.copyarg.pixel = 0.135
setupset.copyarg.gold = 0
runtime.Preprocessing.any.removeXrays = 0
comparam.prenewst.newstack.BinByFactor = 7
comparam.prenewst.newstack.AntialiasFilter = -1
runtime.Fiducials.any.trackingMethod = 1
comparam.xcorr_pt.tiltxcorr.SizeOfPatchesXandY = 500,500
comparam.xcorr_pt.tiltxcorr.OverlapOfPatchesXandY = 0.33,0.33
comparam.xcorr_pt.tiltxcorr.IterateCorrelations = 4
comparam.xcorr_pt.tiltxcorr.FilterSigma2 = 0.03
comparam.xcorr_pt.tiltxcorr.FilterRadius2 = 0.125
comparam.xcorr_pt.imodchopconts.LengthOfPieces = -1
comparam.align.tiltalign.SurfacesToAnalyze = 1
comparam.align.tiltalign.RotOption = -1
comparam.align.tiltalign.TiltOption = 0
comparam.align.tiltalign.MagOption = 0
comparam.align.tiltalign.BeamTiltOption = 0
comparam.align.tiltalign.RobustFitting = 1
comparam.align.tiltalign.LocalAlignments = 0
"""
FIDUCIALS = """runtime.Fiducials.any.trackingMethod = 0
runtime.Fiducials.any.seedingMethod = 1
comparam.track.beadtrack.LightBeads = 0
comparam.track.beadtrack.SobelFilterCentering = 1
comparam.track.beadtrack.ScalableSigmaForSobel = 0.12
comparam.autofidseed.autofidseed.TargetNumberOfBeads = 50
"""


@pytest.fixture(scope="module")
def aligned(without_beads, tmp_path_factory):
    folder = tmp_path_factory.mktemp("imod")
    programs = install_imod(folder / "imod")
    tool = ImodAlignment(executable=str(programs / "batchruntomo"))
    return programs, tool.align(without_beads.series, folder / "out")


def test_what_it_finds_means_what_it_does_in_the_program(without_beads, aligned):
    _, alignment = aligned
    # The stand-in aligns whole images only, which is good for some pixels; they are some 20 pixels off.
    assert without_beads.error(alignment) < 4
    assert (alignment.program, alignment.residual) == ("IMOD 4.11.25", pytest.approx(5.0))
    assert alignment.score == pytest.approx(1 / 1.5)
    assert {tilt.residual for tilt in alignment.tilts} == {5.0}


def test_the_markers_are_laid_flat(without_beads, aligned):
    _, alignment = aligned
    nominal = [image.tilt.angle for image in without_beads.series.images]
    assert [tilt.angle - 1.5 for tilt in alignment.tilts] == pytest.approx(nominal)
    assert alignment.tilt_offset == pytest.approx(1.5)


def test_the_program_is_asked_what_it_should_be(aligned):
    programs, alignment = aligned
    assert calls(programs / "batchruntomo") == [
        ["-DirectiveFile", "tilts.adoc", "-CurrentLocation", ".", "-RootName", "tilts", "-EndingStep", "5"],
    ]
    names = {path.name for path in alignment.transforms.parent.iterdir()}
    assert {"ts_01_align.log", "ts_01_imod.log", "ts_01.xf", "ts_01.tlt", "ts_01.aln"} <= names


def tool_for(without_beads, **markers):
    image = without_beads.series.images[0]
    finer = image.model_copy(update={"micrograph": image.micrograph.model_copy(update={"pixel_size": 1.35})})
    series = without_beads.series.model_copy(update={"images": (finer,), "tilt_axis_angle": 85.0})
    return ImodAlignment(markers=Markers(**markers)).directives(series)


def test_the_directives_for_patches_are_whole(without_beads):
    assert tool_for(without_beads, patch_size=675, patch_overlap=0.33) == PATCHES


def test_the_directives_for_gold_beads_are_whole(without_beads):
    found = tool_for(without_beads, kind="fiducials", fiducials=50)
    head, rest = PATCHES.split("runtime.Fiducials", 1)
    tail = rest[rest.index("comparam.align") :]
    assert found == head.replace("gold = 0", "gold = 10") + FIDUCIALS + tail


def test_reads_a_real_log():
    found = read_align_log((DATA / "align.log").read_text())
    # The first view was left out.
    assert list(found.residuals) == list(range(2, 42))
    assert found.residuals[2] == pytest.approx(7.7)
    assert found.residuals[41] == pytest.approx(4.2)
    assert found.mean_residual == pytest.approx(3.6)
    assert (found.level, found.thickness) == (1.0, 1041)


def test_refuses_a_log_without_solution():
    with pytest.raises(ResultError, match="no table of views"):
        read_align_log("*** Entries to program tiltalign ***\n")
    with pytest.raises(ResultError, match="no mean residual"):
        read_align_log(" view   rotation    tilt    deltilt     mag      dmag      skew    resid-nm\n")


# As batchruntomo prints it: its source names the three ways to give up, its users' reports show the rest.
ABORTED = """Starting data set tilts   at 12:12:55   [brt1]
Running align.com ...
ERROR: tiltalign - Fewer than 3 points
ABORT SET: Error running align.com
"""


def test_tells_why_batchruntomo_gave_up():
    reason = why_stopped(ABORTED)
    assert isinstance(reason, ResultError)
    assert str(reason) == "batchruntomo gave up: Error running align.com; ERROR: tiltalign - Fewer than 3 points"
    assert isinstance(why_stopped("ERROR: newstack - Could not allocate memory\nABORT AXIS: x\n"), CommandError)
    assert why_stopped("Completed dataset tilts\n") is None


def test_giving_up_is_an_error_though_it_ends_well(without_beads, tmp_path):
    programs = install_imod(tmp_path / "imod")
    (programs / "batchruntomo").write_text(f"#!/bin/sh\ncat <<'END'\n{ABORTED}END\n")
    with pytest.raises(ResultError, match=r"gave up: Error running align\.com"):
        ImodAlignment(executable=str(programs / "batchruntomo")).align(without_beads.series, tmp_path / "out")


def test_leaves_out_what_tiltalign_did_not_solve(without_beads, tmp_path):
    programs = install_imod(tmp_path / "imod")
    series = without_beads.series.model_copy(update={"images": without_beads.series.images[:4]})
    table = "".join(f"{view:4d} 84.0 {view:6.1f} 0.0 1.0 0.0 0.0 0.7\n" for view in (1, 3, 4))
    lines = "".join(f"{1:12.7f}{0:12.7f}{0:12.7f}{1:12.7f}{0:12.3f}{0:12.3f}\n" for _ in range(4))
    angles = "".join(f"{image.tilt.angle:7.2f}\n" for image in series.images)
    (programs / "batchruntomo").write_text(f"""#!/bin/sh
cat > tilts.xf <<'END'
{lines}END
cat > tilts.tlt <<'END'
{angles}END
cat > align.log <<'END'
 view   rotation    tilt    deltilt     mag      dmag      skew    resid-nm
{table}
 Residual error mean and sd:     0.700   0.100 nm
END
""")
    alignment = ImodAlignment(executable=str(programs / "batchruntomo")).align(series, tmp_path / "out")
    assert [tilt.name for tilt in alignment.tilts] == [series.images[place].tilt.name for place in (0, 2, 3)]
    (left,) = alignment.excluded
    assert (left.name, left.reason[:10]) == (series.images[1].tilt.name, "not solved")


def test_refuses_a_series_of_two_images(without_beads, tmp_path):
    few = without_beads.series.model_copy(update={"images": without_beads.series.images[:2]})
    with pytest.raises(InputError, match="2 images; expected at least 3"):
        ImodAlignment().align(few, tmp_path)
