import numpy as np
import pytest
from pydantic import ValidationError
from scipy.spatial import cKDTree

from tasks.errors import FormatError, InputError
from tasks.formats.coordinates import read_coordinates
from tasks.formats.star import read_table
from tasks.particle_picking import EmbeddedPicking
from tasks.particle_picking.embedded import between

PICKER = EmbeddedPicking(diameter_range=(120, 180))


def near(places, truth, radius=20.0):
    """Count the true particles that have a place within a radius in pixels."""
    return np.count_nonzero(cKDTree(places).query(truth)[0] < radius)


def inside(places, shape, margin=40):
    return ((places >= margin) & (places < np.array(shape[::-1]) - margin)).all(axis=1)


def test_finds_the_particles_and_little_else(simulated, micrograph, tmp_path):
    image, truth = simulated
    found = PICKER.pick(micrograph(image), tmp_path / "out")
    places, merits = read_coordinates(found.coordinates)
    reachable = truth[inside(truth, image.shape)]
    assert near(places, reachable) >= 0.9 * len(reachable)
    assert near(truth, places) >= 0.9 * len(places)
    assert found.count == len(places)
    assert (merits >= found.threshold).all()
    assert found.excluded == 0
    assert 120 < found.diameter < 180
    assert found.diagnostic.is_file()


def test_writes_the_columns_of_relion_with_the_best_first(simulated, micrograph, tmp_path):
    found = PICKER.pick(micrograph(simulated[0]), tmp_path)
    assert found.coordinates.name == "micrograph_autopick.star"
    table = read_table(found.coordinates, "")
    names = ["CoordinateX", "CoordinateY", "AutopickFigureOfMerit", "ClassNumber", "AnglePsi"]
    assert list(table) == [f"rln{name}" for name in names]
    assert table["rlnAutopickFigureOfMerit"].is_monotonic_decreasing


def test_no_particles_are_a_result(empty_ice, micrograph, tmp_path):
    found = PICKER.pick(micrograph(empty_ice), tmp_path)
    assert found.count == 0
    assert read_coordinates(found.coordinates)[0].shape == (0, 2)


def test_bright_particles_are_found_when_told(simulated, micrograph, tmp_path):
    image, truth = simulated
    found = PICKER.model_copy(update={"contrast": "bright"}).pick(micrograph(2 - image), tmp_path)
    assert near(read_coordinates(found.coordinates)[0], truth[inside(truth, image.shape)]) > 0.8 * 25


def test_scale_and_offset_of_the_values_do_not_matter(simulated, micrograph, tmp_path):
    image, _ = simulated
    one = PICKER.pick(micrograph(image), tmp_path / "one")
    other = PICKER.pick(micrograph(5000 * image - 20_000), tmp_path / "other")
    places = [read_coordinates(found.coordinates)[0] for found in (one, other)]
    assert one.count == other.count
    assert near(*places, radius=1) == one.count


def test_leaves_out_carbon_and_dirt(simulated, micrograph, tmp_path):
    image, truth = simulated
    y, x = np.indices(image.shape)
    grain = 1 + 0.1 * np.random.default_rng(1).standard_normal((96, 96)).repeat(8, 0).repeat(8, 1)
    carbon, dirt = x > 600, np.hypot(x - 200, y - 250) < 60
    soiled = np.where(carbon, 0.8 * grain * image, np.where(dirt, 0.5 * image, image))
    found = PICKER.pick(micrograph(soiled), tmp_path)
    places = read_coordinates(found.coordinates)[0]
    columns, rows = np.rint(places).astype(int).T
    assert not (carbon | dirt)[rows, columns].any()
    clean = truth[inside(truth, image.shape) & (truth[:, 0] < 550) & (np.hypot(*(truth - (200, 250)).T) > 110)]
    assert near(places, clean) >= 0.8 * len(clean)
    assert 0.2 < found.excluded < 0.45


def test_a_threshold_that_is_given_is_used(simulated, micrograph, tmp_path):
    found = PICKER.model_copy(update={"threshold": 9.0}).pick(micrograph(simulated[0]), tmp_path)
    merits = read_coordinates(found.coordinates)[1]
    assert found.threshold == 9
    assert 0 < found.count == np.count_nonzero(merits >= 9)


def test_particles_keep_their_distance_from_each_other_and_the_edges(simulated, micrograph, tmp_path):
    image, _ = simulated
    picker = EmbeddedPicking(diameter_range=(150, 150), distance=1.0, margin=0.6, threshold=3.0)
    places = read_coordinates(picker.pick(micrograph(image), tmp_path).coordinates)[0]
    assert cKDTree(places).query(places, 2)[0][:, 1].min() > 75 - 10
    assert inside(places, image.shape, 40).all()


def test_the_sections_of_a_stack_do_not_share_their_files(simulated, empty_ice, micrograph, tmp_path):
    stack = micrograph(np.stack([empty_ice, simulated[0]]), section=1)
    found = PICKER.pick(stack, tmp_path)
    assert found.count > 10
    assert found.coordinates.name == "micrograph_section001_autopick.star"


def test_an_even_image_is_an_error(micrograph, tmp_path):
    with pytest.raises(InputError, match="same value 3"):
        PICKER.pick(micrograph(np.full((768, 768), 3)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unreadable_image_is_an_error(micrograph, tmp_path):
    broken = micrograph(np.ones((768, 768)))
    broken.path.write_bytes(broken.path.read_bytes()[:5000])
    with pytest.raises(FormatError, match="truncated"):
        PICKER.pick(broken, tmp_path)


def test_an_image_smaller_than_three_particles_is_an_error(micrograph, tmp_path):
    with pytest.raises(InputError, match="three particles"):
        PICKER.pick(micrograph(np.random.default_rng(1).normal(size=(200, 300))), tmp_path)


def test_an_image_with_values_that_are_not_finite_is_an_error(simulated, micrograph, tmp_path):
    image = simulated[0].copy()
    made = micrograph(image)
    stored = np.memmap(made.path, np.float32, "r+", 1024)
    stored[17] = np.nan
    stored.flush()
    with pytest.raises(FormatError, match="not finite"):
        PICKER.pick(made, tmp_path)


def test_a_range_upside_down_is_refused():
    with pytest.raises(ValidationError, match="smallest must come first"):
        EmbeddedPicking(diameter_range=(200, 100))


def test_the_diameter_is_found_between_those_that_were_tried():
    assert between([(100, 8.0), (120, 10.0), (144, 8.0)]) == pytest.approx(120)
    assert 120 < between([(100, 5.0), (120, 10.0), (144, 9.0)]) < 144
    assert between([(100, 10.0), (120, 5.0)]) == 100
    assert between([(100, 0.0), (144, 0.0)]) == pytest.approx(120)
