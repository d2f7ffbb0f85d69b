import numpy as np
import pytest
from pydantic import ValidationError

from tasks.errors import FormatError, InputError
from tasks.formats.mrc import header, read_volume
from tasks.formats.star import read_table
from tasks.models import Optics
from tasks.particle_extraction import EmbeddedExtraction, extract_particles
from tasks.particle_extraction.embedded import box_of

PLACES = [(40, 50), (90.4, 60.8)]
EXTRACTION = EmbeddedExtraction(box_size=32)


def outside(side, radius):
    y, x = np.indices((side, side)) - side // 2
    return np.hypot(y, x) > radius


def test_images_are_normalised_with_particles_bright(image, picked, ctf, optics, tmp_path):
    found = EXTRACTION.extract(picked(image, PLACES), ctf, optics, tmp_path / "out")
    images = read_volume(found.stack)
    assert images.shape == (2, 32, 32)
    background = images[:, outside(32, 12)]
    np.testing.assert_allclose(background.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(background.std(axis=1), 1, atol=1e-5)
    assert (images[:, 13:20, 13:20].mean(axis=(1, 2)) > 1.5).all()
    assert (found.count, found.left_out, found.box_size, found.pixel_size) == (2, 0, 32, 2)


def test_an_image_is_the_box_about_its_pixel_less_a_plane(image, picked, ctf, optics, tmp_path):
    tool = EmbeddedExtraction(box_size=32, invert=False)
    found = read_volume(tool.extract(picked(image, PLACES[1:]), ctf, optics, tmp_path).stack)[0]
    box = image[61 - 16 : 61 + 16, 90 - 16 : 90 + 16]
    y, x = np.indices((32, 32))
    terms = np.stack([np.ones(1024), x.ravel(), y.ravel(), box.ravel()], axis=1)
    explained = terms @ np.linalg.lstsq(terms, found.ravel(), rcond=None)[0]
    np.testing.assert_allclose(explained, found.ravel(), atol=1e-4)


def test_the_star_file_is_that_of_relion(image, picked, ctf, optics, tmp_path):
    found = EXTRACTION.extract(picked(image, PLACES), ctf, optics, tmp_path / "out")
    particles, groups = read_table(found.star, "particles"), read_table(found.star, "optics")
    stack = tmp_path / "out" / "micrograph.mrcs"
    assert list(particles["rlnImageName"]) == [f"000001@{stack}", f"000002@{stack}"]
    assert list(particles["rlnMicrographName"].unique()) == [str(tmp_path / "micrograph.mrc")]
    assert particles[["rlnCoordinateX", "rlnCoordinateY"]].to_numpy().tolist() == [[40, 50], [90, 61]]
    row = particles.iloc[0]
    ctf_columns = ["DefocusU", "DefocusV", "DefocusAngle", "PhaseShift", "CtfMaxResolution", "CtfFigureOfMerit"]
    assert [row[f"rln{name}"] for name in ctf_columns] == [15_300, 14_900, 31.5, 12, 4.1, 0.31]
    group = groups.iloc[0]
    optics_columns = ["Voltage", "SphericalAberration", "AmplitudeContrast", "ImagePixelSize", "ImageSize"]
    assert [group[f"rln{name}"] for name in optics_columns] == [200, 1.4, 0.07, 2, 32]
    assert group["rlnOpticsGroup"] == row["rlnOpticsGroup"] == 1


def test_boxes_beyond_the_edge_are_left_out_and_counted(image, picked, ctf, optics, tmp_path):
    edges = [(15, 50), (16, 50), (134, 50), (135, 50), (60, 15), (60, 16), (60, 104), (60, 105)]
    found = EXTRACTION.extract(picked(image, edges), ctf, optics, tmp_path)
    kept = read_table(found.star, "particles")[["rlnCoordinateX", "rlnCoordinateY"]].to_numpy().tolist()
    assert kept == [[16, 50], [134, 50], [60, 16], [60, 104]]
    assert (found.count, found.left_out) == (4, 4)
    assert header(found.stack).shape == (4, 32, 32)


def test_binning_keeps_the_centre_and_the_field(image, picked, ctf, optics, tmp_path):
    tool = EmbeddedExtraction(box_size=48, binned_size=24)
    found = tool.extract(picked(image, PLACES), ctf, optics, tmp_path)
    images = read_volume(found.stack)
    assert images.shape == (2, 24, 24)
    assert (found.box_size, found.pixel_size) == (24, 4)
    assert header(found.stack).pixel_size == pytest.approx(4)
    y, x = np.indices((24, 24))
    weight = np.clip(images[0], 2.5, None) - 2.5
    assert (weight * x).sum() / weight.sum() == pytest.approx(12, abs=0.6)
    assert (weight * y).sum() / weight.sum() == pytest.approx(12, abs=0.6)


def test_dust_becomes_background_only_when_asked(image, picked, ctf, optics, tmp_path):
    image[52, 27], image[45, 50] = 400, -300
    picks = picked(image, PLACES)
    left = read_volume(EXTRACTION.extract(picks, ctf, optics, tmp_path / "left").stack)
    gone = read_volume(EmbeddedExtraction(box_size=32, dust=6).extract(picks, ctf, optics, tmp_path / "gone").stack)
    assert np.abs(left[0]).max() > 15
    assert np.abs(gone[0]).max() < 6.5
    again = EmbeddedExtraction(box_size=32, dust=6).extract(picks, ctf, optics, tmp_path / "again")
    np.testing.assert_array_equal(read_volume(again.stack), gone)


def test_the_box_follows_the_diameter(image, picked, ctf, optics, tmp_path):
    picks = picked(image, PLACES, diameter=48.0)
    assert EmbeddedExtraction().extract(picks, ctf, optics, tmp_path).box_size == 36
    assert EmbeddedExtraction(diameter=32).extract(picks, ctf, optics, tmp_path).box_size == 24
    assert box_of(150, 1.35) % 2 == 0


def test_no_picks_make_a_star_file_without_rows_and_no_stack(image, picked, ctf, optics, tmp_path):
    found = EXTRACTION.extract(picked(image, []), ctf, optics, tmp_path)
    assert (found.count, found.stack) == (0, None)
    assert len(read_table(found.star, "particles")) == 0
    assert "rlnDefocusU" in read_table(found.star, "particles")


def test_a_section_of_a_stack_is_named(image, picked, ctf, optics, tmp_path):
    found = EXTRACTION.extract(picked(np.stack([image, image]), PLACES, section=1), ctf, optics, tmp_path)
    assert found.stack.name == "micrograph_section001.mrcs"
    assert read_table(found.star, "particles")["rlnMicrographName"][0] == f"000002@{tmp_path / 'micrograph.mrc'}"


def test_a_star_file_without_coordinates_is_an_error(image, picked, ctf, optics, tmp_path):
    picks = picked(image, PLACES)
    picks.coordinates.write_text("data_\n\nloop_\n_rlnVoltage #1\n300\n200\n")
    with pytest.raises(FormatError, match="rlnCoordinateX"):
        EXTRACTION.extract(picks, ctf, optics, tmp_path / "out")


def test_a_box_that_is_smaller_than_what_it_is_binned_to_is_an_error(image, picked, ctf, optics, tmp_path):
    with pytest.raises(InputError, match="at least 64"):
        EmbeddedExtraction(binned_size=64).extract(picked(image, PLACES), ctf, optics, tmp_path / "out")
    with pytest.raises(ValidationError, match="larger than box_size"):
        EmbeddedExtraction(box_size=32, binned_size=64)


def test_extracts_once_unless_something_changes(image, picked, ctf, optics, tmp_path):
    picks = picked(image, PLACES)
    first = extract_particles.fn(picks, ctf, optics, EXTRACTION, tmp_path / "out")
    before = first.stack.stat().st_mtime_ns
    assert extract_particles.fn(picks, ctf, optics, EXTRACTION, tmp_path / "out") == first
    assert first.stack.stat().st_mtime_ns == before
    extract_particles.fn(picks, ctf, Optics(), EXTRACTION, tmp_path / "out")
    assert first.stack.stat().st_mtime_ns > before
