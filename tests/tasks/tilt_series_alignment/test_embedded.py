import numpy as np
import pytest
from pydantic import TypeAdapter

from tasks.errors import InputError
from tasks.formats.aln import read_aln
from tasks.formats.com import read_newstack, read_tilt
from tasks.formats.tlt import read_tlt
from tasks.formats.xf import read_xf
from tasks.models import Alignment
from tasks.tilt_series_alignment import EmbeddedAlignment, TiltSeriesAligner
from tasks.tilt_series_alignment.coarse import align_coarsely
from tasks.tilt_series_alignment.conventions import from_aretomo, from_imod
from tasks.tilt_series_alignment.geometry import Geometry
from tasks.tilt_series_alignment.preparation import prepare
from tasks.tilt_series_alignment.tilt_stack import read_stack


@pytest.fixture(scope="module")
def aligned(without_beads, tmp_path_factory):
    folder = tmp_path_factory.mktemp("aligned")
    return EmbeddedAlignment().align(without_beads.series, folder)


def test_aligns_to_a_pixel_without_beads(without_beads, aligned):
    assert without_beads.error(aligned) < 1
    assert aligned.tilt_axis_angle == pytest.approx(without_beads.truth.tilt_axis_angle, abs=0.7)
    assert aligned.excluded == ()


def coarse_error(simulated, alignment: Alignment) -> float:
    """Return the error of the coarse alignment alone."""
    stack = read_stack(simulated.series)
    prepared = prepare(stack.images, stack.scale, stack.centre, "cpu")
    nominal = Geometry(stack.angles, simulated.series.tilt_axis_angle, np.zeros((len(stack.tilts), 2)))
    found = align_coarsely(prepared, nominal, 0.6 * prepared.size).displacements * stack.pixel_size
    places = dict(zip(stack.names, found, strict=True))
    tilts = tuple(
        tilt.model_copy(update={"displacement": tuple(places[tilt.name].tolist())}) for tilt in alignment.tilts
    )
    return simulated.error(alignment.model_copy(update={"tilts": tilts}))


def test_ends_no_worse_than_the_coarse_alignment(without_beads, aligned):
    assert without_beads.error(aligned) <= coarse_error(without_beads, aligned)


def test_aligns_to_half_a_pixel_with_beads(with_beads, tmp_path):
    alignment = EmbeddedAlignment().align(with_beads.series, tmp_path)
    assert with_beads.error(alignment) < 0.5
    assert with_beads.error(alignment) < coarse_error(with_beads, alignment)
    assert alignment.tilt_axis_angle == pytest.approx(with_beads.truth.tilt_axis_angle, abs=0.5)


def test_finds_how_thick_the_specimen_is(without_beads, aligned):
    # The simulated particles are whole: the layer of their centres is thinner than the slab.
    assert 0.7 < aligned.thickness / without_beads.thickness < 1.1


def test_says_what_it_added_to_the_tilt_angles(without_beads, aligned):
    nominal = [image.tilt.angle for image in without_beads.series.images]
    assert [tilt.angle - aligned.tilt_offset for tilt in aligned.tilts] == pytest.approx(nominal)
    written = read_aln(aligned.transforms.with_suffix(".aln"))
    assert [written.nominal_tilt(row) for row in written.sections] == pytest.approx(nominal, abs=0.011)
    assert written.thickness == pytest.approx(aligned.thickness / without_beads.pixel_size, abs=0.5)


def test_writes_how_imod_makes_a_tomogram_of_it(without_beads, aligned):
    folder = aligned.transforms.parent
    newstack, tilt = read_newstack(folder / "ts_01_newst.com"), read_tilt(folder / "ts_01_tilt.com")
    assert newstack.inputs == (str(without_beads.series.images[0].micrograph.path),)
    assert newstack.sections == (tuple(range(19)),)
    assert (folder / newstack.transforms) == aligned.transforms
    assert newstack.size == tilt.full_size == (144, 160)
    assert tilt.projections == newstack.output
    assert read_tlt(folder / tilt.angles) == pytest.approx([one.angle for one in aligned.tilts], abs=0.01)
    assert tilt.thickness == round(1.5 * aligned.thickness / 10)


def test_says_how_good_it_is(aligned):
    assert 0.05 < aligned.score <= 1
    assert 0 < aligned.residual < 30
    assert all(0 < tilt.residual < 40 for tilt in aligned.tilts)


def test_writes_the_same_for_other_programs(without_beads, aligned):
    rows, columns = without_beads.images.shape[1:]
    pixel_size = without_beads.pixel_size
    transforms = read_xf(aligned.transforms)
    angles = read_tlt(aligned.transforms.with_suffix(".tlt"))
    sections = read_aln(aligned.transforms.with_suffix(".aln")).sections
    for tilt, transform, angle, section in zip(aligned.tilts, transforms, angles, sections, strict=True):
        imod = from_imod(transform, tilt.name, angle, pixel_size, (rows, columns))
        aretomo = from_aretomo(section, tilt.name, pixel_size)
        for read in (imod, aretomo):
            assert read.displacement == pytest.approx(tilt.displacement, abs=0.02)
            assert read.axis_angle == pytest.approx(tilt.axis_angle, abs=1e-3)
            assert read.angle == pytest.approx(tilt.angle, abs=0.01)


def test_leaves_out_an_image_of_something_else(without_beads, rewritten, tmp_path):
    chosen = slice(3, 16)
    images = without_beads.images[chosen].copy()
    images[2] = images[11][::-1]
    images[12] *= 0.2
    whole = without_beads.series
    series = rewritten(whole.model_copy(update={"images": whole.images[chosen]}), images, tmp_path)
    alignment = EmbeddedAlignment().align(series, tmp_path)
    dark, stray = alignment.excluded
    assert dark.name == series.images[12].tilt.name
    assert stray.name == series.images[2].tilt.name
    assert stray.reason.startswith("stray")
    assert without_beads.error(alignment) < 1.2
    newstack = read_newstack(tmp_path / "ts_01_newst.com")
    assert newstack.sections == ((0, 1, *range(3, 12)),)
    assert newstack.lines == tuple(range(11))


def test_refuses_fewer_than_three_usable_images(without_beads, tmp_path):
    few = without_beads.series.model_copy(update={"images": without_beads.series.images[10:12]})
    with pytest.raises(InputError, match="2 usable images; expected at least 3"):
        EmbeddedAlignment().align(few, tmp_path)


def test_is_chosen_by_its_name():
    chosen = TypeAdapter(TiltSeriesAligner).validate_python({"tool": "embedded", "patches": 6})
    assert chosen == EmbeddedAlignment(patches=6)
