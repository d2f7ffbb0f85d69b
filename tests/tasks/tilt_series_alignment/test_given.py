import pytest

from tasks.errors import InputError
from tasks.formats.tlt import write_tlt
from tasks.models import Alignment
from tasks.tilt_series_alignment import GivenAlignment, place_of_alignment
from tasks.tilt_series_alignment.outcome import write_alignment


@pytest.fixture
def truth(without_beads, tmp_path):
    """The true alignment with an offset of the angles, of which the .aln file does not tell."""
    nominal = {image.tilt.name: image.tilt.angle for image in without_beads.series.images}
    true = [tilt.alignment for tilt in without_beads.truth.tilts]
    alignment = Alignment(
        tilts=tuple(tilt.model_copy(update={"angle": nominal[tilt.name] + 2.5}) for tilt in true),
        tilt_axis_angle=without_beads.truth.tilt_axis_angle,
        score=1,
        transforms=tmp_path / "mine" / "ts_01.xf",
        program="truth",
    )
    return write_alignment(without_beads.series, alignment, without_beads.images.shape[1:])


def places(alignment):
    return [value for tilt in alignment.tilts for value in (*tilt.displacement, tilt.axis_angle, tilt.angle)]


def test_reads_an_alignment_of_aretomo(without_beads, truth, tmp_path):
    found = GivenAlignment(folder=tmp_path / "mine").align(without_beads.series, tmp_path / "out")
    assert found.program == "given as ts_01.aln"
    assert places(found) == pytest.approx(places(truth), abs=0.02)
    assert found.tilt_offset == pytest.approx(2.5, abs=0.02)
    assert found.score > 0.7


def test_reads_an_alignment_of_imod_in_a_folder_of_the_series(without_beads, truth, tmp_path):
    (tmp_path / "mine" / "ts_01.aln").unlink()
    (tmp_path / "mine").rename(tmp_path / "ts_01")
    found = GivenAlignment(folder=tmp_path).align(without_beads.series, tmp_path / "out")
    assert found.program == "given as ts_01.xf"
    assert places(found) == pytest.approx(places(truth), abs=0.02)


def test_fewer_transforms_than_images_are_told_apart_by_the_nominal_angles(without_beads, truth, tmp_path):
    (tmp_path / "mine" / "ts_01.aln").unlink()
    for name in ("ts_01.xf", "ts_01.tlt"):
        lines = (tmp_path / "mine" / name).read_text().splitlines(keepends=True)
        (tmp_path / "mine" / name).write_text("".join(lines[2:]))
    tool = GivenAlignment(folder=tmp_path / "mine")
    with pytest.raises(InputError, match=r"ts_01\.rawtlt: no such file; expected nominal angles of the 17 images"):
        tool.align(without_beads.series, tmp_path / "out")
    images = without_beads.series.images
    write_tlt(tmp_path / "mine" / "ts_01.rawtlt", [image.tilt.angle for image in images[2:]])
    found = tool.align(without_beads.series, tmp_path / "out")
    assert [left.name for left in found.excluded] == [image.tilt.name for image in images[:2]]
    assert places(found) == pytest.approx(places(truth)[8:], abs=0.02)


def test_shifts_of_binned_images_are_larger(without_beads, truth, tmp_path):
    # As if the images that were aligned had pixels of 20 angstrom, the specimen was twice as far off.
    found = GivenAlignment(folder=tmp_path / "mine", pixel_size=20.0).align(without_beads.series, tmp_path / "out")
    twice = [2 * value for tilt in truth.tilts for value in tilt.displacement]
    assert [value for tilt in found.tilts for value in tilt.displacement] == pytest.approx(twice, abs=0.04)
    assert found.score < 0.7


@pytest.mark.usefixtures("truth")
def test_a_file_that_is_changed_makes_the_result_out_of_date(without_beads, tmp_path):
    tool = GivenAlignment(folder=tmp_path / "mine")
    before = place_of_alignment(without_beads.series, tool, tmp_path / "out").digest
    assert place_of_alignment(without_beads.series, tool, tmp_path / "out").digest == before
    with (tmp_path / "mine" / "ts_01.aln").open("a") as file:
        file.write("# by hand\n")
    changed = place_of_alignment(without_beads.series, tool, tmp_path / "out").digest
    (tmp_path / "mine" / "ts_01.aln").unlink()
    of_imod = place_of_alignment(without_beads.series, tool, tmp_path / "out").digest
    (tmp_path / "mine" / "ts_01.tlt").write_text("0\n")
    turned = place_of_alignment(without_beads.series, tool, tmp_path / "out").digest
    assert len({before, changed, of_imod, turned}) == 4


def test_refuses_a_folder_without_the_series(without_beads, tmp_path):
    with pytest.raises(InputError, match=r"no alignment of ts_01; expected ts_01\.aln, or ts_01\.xf and ts_01\.tlt"):
        GivenAlignment(folder=tmp_path).align(without_beads.series, tmp_path / "out")
