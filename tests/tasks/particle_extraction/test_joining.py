import pytest
from relion_runs import needs_relion

from tasks.classification_2d import RelionClassification2D
from tasks.errors import FormatError, InputError
from tasks.formats.star import read_table
from tasks.models import Optics
from tasks.particle_extraction import EmbeddedExtraction, gather_particles, join_particles

PLACES = [(40, 50), (90, 61)]
TOOL = EmbeddedExtraction(box_size=32)


@pytest.fixture
def parts(image, picked, ctf, tmp_path):
    """Return particles of three micrographs, of which the second has none and the third other optics."""
    made = [("one", PLACES, 300), ("two", [], 300), ("three", PLACES[:1], 200)]
    return [
        TOOL.extract(picked(image, places, name), ctf, Optics(voltage=voltage), tmp_path / "extract")
        for name, places, voltage in made
    ]


def test_joins_rows_in_order_with_a_group_for_each_kind_of_optics(parts, tmp_path):
    found = join_particles(parts, tmp_path / "particles.star")
    assert (found.count, found.box_size, found.pixel_size, found.diameter) == (3, 32, 2, 32)
    groups, particles = read_table(found.star, "optics"), read_table(found.star, "particles")
    assert groups["rlnVoltage"].tolist() == [300, 200]
    assert groups["rlnOpticsGroup"].tolist() == [1, 2]
    assert groups["rlnOpticsGroupName"].tolist() == ["opticsGroup1", "opticsGroup2"]
    assert particles["rlnOpticsGroup"].tolist() == [1, 1, 2]
    names = [f"{number:06d}@{tmp_path}/extract/{name}.mrcs" for number, name in ((1, "one"), (2, "one"), (1, "three"))]
    assert particles["rlnImageName"].tolist() == names
    assert particles["rlnDefocusU"].tolist() == [15_300] * 3


def test_paths_become_relative_to_a_project(parts, tmp_path):
    particles = read_table(join_particles(parts, tmp_path / "particles.star", tmp_path).star, "particles")
    assert particles["rlnImageName"].tolist()[0] == "000001@extract/one.mrcs"
    assert particles["rlnMicrographName"].tolist()[2] == "three.mrc"


def test_joining_joined_files_of_one_micrograph_changes_nothing(parts, tmp_path):
    found = join_particles(parts[:1], tmp_path / "particles.star")
    again = join_particles([parts[0].model_copy(update={"star": found.star})], tmp_path / "again.star")
    assert again.star.read_text() == found.star.read_text()


def test_micrographs_of_another_magnification_are_left_out_with_the_reason(parts, image, picked, ctf, tmp_path):
    picks = picked(image, PLACES[:1], "four")
    closer = picks.model_copy(update={"micrograph": picks.micrograph.model_copy(update={"pixel_size": 1.6})})
    other = TOOL.extract(closer, ctf, Optics(), tmp_path / "extract")
    found = join_particles([other, *parts], tmp_path / "particles.star")
    assert (found.count, found.pixel_size) == (3, 2)
    assert found.left_out == (
        "four_extract.star: 1 particles of 32 pixels of 1.6 angstrom; most have 32 pixels of 2 angstrom",
    )
    assert "four" not in found.star.read_text()
    again = join_particles([found], tmp_path / "again.star")
    assert again.left_out == found.left_out


def test_boxes_of_another_size_are_left_out_with_the_reason(parts, image, picked, ctf, tmp_path):
    other = EmbeddedExtraction(box_size=24).extract(picked(image, PLACES, "four"), ctf, Optics(), tmp_path / "extract")
    found = join_particles([*parts, other], tmp_path / "particles.star")
    assert (found.count, found.box_size) == (3, 32)
    assert "2 particles of 24 pixels" in found.left_out[0]


def test_a_micrograph_of_another_shape_is_like_the_others(parts, image, picked, ctf, tmp_path):
    small = TOOL.extract(picked(image[:100, :110], PLACES, "four"), ctf, Optics(), tmp_path / "extract")
    found = join_particles([*parts, small], tmp_path / "particles.star")
    assert (found.count, found.left_out) == (5, ())


@needs_relion
def test_relion_takes_several_groups_of_optics(parts, tmp_path):
    particles = join_particles(parts, tmp_path / "particles.star")
    tool = RelionClassification2D(classes=1, iterations=1, psi_step=60, offset_range=1, mask_diameter=40)
    assert tool.classify(particles, tmp_path / "Class2D").classes[0].particles == 3


def test_rows_that_are_missing_are_an_error_and_leave_nothing(parts, tmp_path):
    lines = parts[0].star.read_text().rstrip().split("\n")
    parts[0].star.write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(FormatError, match="1 particles; expected the 2"):
        join_particles(parts, tmp_path / "particles.star")
    assert not (tmp_path / "particles.star").exists()


def test_other_columns_are_an_error(parts, tmp_path):
    parts[2].star.write_text(parts[2].star.read_text().replace("rlnDefocusU", "rlnDefocusX"))
    with pytest.raises(FormatError, match="rlnDefocusX"):
        join_particles(parts, tmp_path / "particles.star")


def test_no_micrographs_are_an_error(tmp_path):
    with pytest.raises(InputError, match="at least one"):
        join_particles([], tmp_path / "particles.star")


def test_parts_that_were_joined_before_are_joined_again_and_only_once(parts, tmp_path):
    halves = tuple(gather_particles.fn((part,), tmp_path / str(number)) for number, part in enumerate(parts))
    found = gather_particles.fn(halves, tmp_path / "all")
    assert found.star.read_text() == join_particles(parts, tmp_path / "at_once.star").star.read_text()
    written = found.star.stat().st_mtime_ns
    assert gather_particles.fn(halves, tmp_path / "all") == found
    assert found.star.stat().st_mtime_ns == written
