import shutil

import numpy as np
import pytest
from stand_ins.installing import install

from tasks.errors import FormatError, InputError
from tasks.formats.coordinates import write_coordinates
from tasks.formats.mrc import read_image, write_mrc
from tasks.formats.star import read_table
from tasks.ice_thickness import EmbeddedIceThickness, IceBreaker, estimate_ice_thickness, find_ice_of_particles
from tasks.models import Micrograph, Picks

THINNEST, THICKEST, COLUMNS, ROWS = 0.1, 0.5, 480, 440


@pytest.fixture
def micrograph(tmp_path):
    """Write counts behind ice that grows thicker along x, in mean free paths of light of 160 counts."""
    light = 160 * np.exp(-np.linspace(THINNEST, THICKEST, COLUMNS)) * np.ones((ROWS, 1))
    image = np.random.default_rng(67).poisson(light).astype(np.float32)
    write_mrc(tmp_path / "micrograph.mrc", image, 2.0)
    return Micrograph(path=tmp_path / "micrograph.mrc", pixel_size=2.0)


def picks_at(places, micrograph, folder):
    path = folder / "micrograph_picks.star"
    write_coordinates(path, np.array(places, float).reshape(-1, 2), np.arange(len(places), 0.0, -1))
    return Picks(
        micrograph=micrograph, coordinates=path, count=len(places), diameter=100, threshold=0, program="none 1"
    )


def icebreaker(folder):
    """Return IceBreaker if it is installed, else what stands in for it."""
    if shutil.which("ib_job"):
        return IceBreaker(reference=160, keep_groups=True)
    paths = {name: str(install(name, folder / "bin")) for name in ("ib_job", "ib_5fig")}
    return IceBreaker(executable=paths["ib_job"], summary_executable=paths["ib_5fig"], reference=160, keep_groups=True)


def found_by(estimator, micrograph, places, folder):
    """Return what is found of particles, and the table of them."""
    ice = estimate_ice_thickness.fn(micrograph, estimator, folder / "ice_thickness")
    picks = picks_at(places, micrograph, folder)
    found = find_ice_of_particles.fn(picks, ice, estimator, folder / "ice_of_particles")
    return ice, found, read_table(found.star, "")


PLACES = [(400, 220), (60, 30), (240, 400), (475.4, 3)]
TRUTH = [THINNEST + (THICKEST - THINNEST) * x / (COLUMNS - 1) for x, _ in PLACES]


def test_each_particle_is_told_the_ice_about_it(micrograph, tmp_path):
    ice, found, table = found_by(EmbeddedIceThickness(reference=160, area=60), micrograph, PLACES, tmp_path)
    np.testing.assert_allclose(table["iceThickness"], TRUTH, atol=0.02)
    np.testing.assert_allclose(table["rlnHelicalTubeID"], 1.6e6 * np.exp(-table["iceThickness"]), atol=1)
    assert (found.count, found.program) == (4, ice.program)
    assert (found.thinnest, found.thickest) == pytest.approx((TRUTH[1], TRUTH[3]), abs=0.02)
    assert found.star == tmp_path / "ice_of_particles" / "micrograph_picks_ice.star"


def test_the_picks_stay_as_they_were(micrograph, tmp_path):
    _, _, table = found_by(EmbeddedIceThickness(area=60), micrograph, PLACES, tmp_path)
    before = read_table(tmp_path / "micrograph_picks.star", "")
    assert table[list(before)].equals(before)
    assert list(table)[len(before.columns) :] == ["rlnHelicalTubeID", "iceThickness"]


def test_icebreaker_tells_the_group_of_each_particle(micrograph, tmp_path):
    ice, _, table = found_by(icebreaker(tmp_path), micrograph, PLACES, tmp_path)
    np.testing.assert_allclose(table["iceThickness"], TRUTH, atol=0.04)
    groups = read_image(ice.groups)
    # As ib_group does: the pixel that holds the place, x along columns, y along rows as they are stored.
    expected = [int(groups[int(y), int(x)] * 10_000) for x, y in PLACES]
    np.testing.assert_allclose(table["rlnHelicalTubeID"], expected, atol=1)


@pytest.mark.parametrize("places", [[], [(100, 100)]])
def test_none_or_one_particle_is_a_result_too(micrograph, tmp_path, places):
    for number, estimator in enumerate((EmbeddedIceThickness(area=60), icebreaker(tmp_path))):
        folder = tmp_path / str(number)
        _, found, table = found_by(estimator, micrograph, places, folder)
        assert (found.count, len(table)) == (len(places), len(places))
        assert (found.median is None) == (not places)


def test_particles_without_light_stay_finite(tmp_path):
    image = np.full((440, 480), 160, np.float32)
    image[:100, :100] = 0
    write_mrc(tmp_path / "hole.mrc", image, 2.0)
    hole = Micrograph(path=tmp_path / "hole.mrc", pixel_size=2.0)
    _, found, _ = found_by(EmbeddedIceThickness(reference=160, area=60), hole, [(40, 40)], tmp_path)
    assert found.thickest == pytest.approx(np.log(100))


def test_groups_that_were_not_kept_are_an_error(micrograph, tmp_path):
    ice = EmbeddedIceThickness().estimate(micrograph)
    with pytest.raises(InputError, match=r"no image of its groups of ice; expected one \(keep_groups=true\)"):
        IceBreaker().light_at(np.array([[1.0, 1.0]]), micrograph, ice)


def test_a_file_without_coordinates_is_an_error(micrograph, tmp_path):
    ice = EmbeddedIceThickness().estimate(micrograph)
    picks = picks_at(PLACES, micrograph, tmp_path)
    picks.coordinates.write_text("data_\n\nloop_\n_rlnClassNumber #1\n1\n2\n")
    with pytest.raises(FormatError, match="no table of coordinates; expected rlnCoordinateX and rlnCoordinateY"):
        find_ice_of_particles.fn(picks, ice, EmbeddedIceThickness(), tmp_path / "out")


def test_what_was_found_is_kept(micrograph, tmp_path):
    _, first, _ = found_by(EmbeddedIceThickness(area=60), micrograph, PLACES, tmp_path)
    before = first.star.stat().st_mtime_ns
    ice = estimate_ice_thickness.fn(micrograph, EmbeddedIceThickness(area=60), tmp_path / "ice_thickness")
    picks = Picks(
        micrograph=micrograph,
        coordinates=tmp_path / "micrograph_picks.star",
        count=len(PLACES),
        diameter=100,
        threshold=0,
        program="none 1",
    )
    again = find_ice_of_particles.fn(picks, ice, EmbeddedIceThickness(area=60), tmp_path / "ice_of_particles")
    assert again == first
    assert first.star.stat().st_mtime_ns == before
