import array_api_strict
import numpy as np
import pytest

from tasks.errors import FormatError, InputError
from tasks.formats.mrc import write_mrc
from tasks.ice_thickness import EmbeddedIceThickness, estimate_ice_thickness
from tasks.ice_thickness.embedded import area_means
from tasks.models import Micrograph
from tasks.simulation import SimulatedMovies, simulate_movie


@pytest.fixture
def micrograph(tmp_path):
    def made(image):
        write_mrc(tmp_path / "micrograph.mrc", np.asarray(image, np.float32), 2.0)
        return Micrograph(path=tmp_path / "micrograph.mrc", pixel_size=2.0)

    return made


def wedge(thinnest=0.1, thickest=0.5, vacuum=160.0):
    """Return counts behind ice that grows thicker along x, in mean free paths."""
    thickness = np.linspace(thinnest, thickest, 1500)
    return np.random.default_rng(2).poisson(vacuum * np.exp(-thickness) * np.ones((900, 1)))


def test_five_figures_of_ice_against_the_light_without_it(micrograph):
    found = EmbeddedIceThickness(reference=160).estimate(micrograph(wedge()))
    np.testing.assert_allclose(found.figures, [0.12, 0.2, 0.3, 0.4, 0.48], atol=0.005)
    assert found.reference == 160
    assert found.brightest == pytest.approx(160 * np.exp(-0.12), rel=0.005)


def test_without_reference_the_thinnest_area_is_zero(micrograph):
    found = EmbeddedIceThickness().estimate(micrograph(wedge()))
    np.testing.assert_allclose(found.figures, [0, 0.08, 0.18, 0.28, 0.36], atol=0.005)
    assert found.reference == found.brightest


def test_a_reference_can_come_later(micrograph):
    image = micrograph(wedge())
    later = EmbeddedIceThickness().estimate(image).relative_to(160)
    assert later.figures == pytest.approx(EmbeddedIceThickness(reference=160).estimate(image).figures)
    assert later.reference == 160


@pytest.mark.parametrize("thickness", [250.0, 700.0])
def test_measures_simulated_ice(micrograph, thickness):
    parameters = SimulatedMovies(
        seed=41, shape=(384, 384), pixel_size=2, frames=1, dose_per_frame=40, ice_thickness=thickness, particles=0
    ).model_copy(update={"gain": False, "hot_pixels": 0, "dead_pixels": 0})
    frames, _ = simulate_movie(parameters)
    found = EmbeddedIceThickness(reference=160, area=200).estimate(micrograph(frames[0]))
    assert found.median * 3500 == pytest.approx(thickness, abs=60)


def test_areas_without_light_stay_finite(micrograph):
    image = wedge().astype(float)
    image[:300, :300] = 0
    assert EmbeddedIceThickness(reference=160).estimate(micrograph(image)).maximum < 6


@pytest.mark.parametrize("namespace", [np, array_api_strict])
def test_areas_are_means_of_squares(namespace):
    image = np.arange(35, dtype=np.float32).reshape(5, 7)
    np.testing.assert_allclose(np.asarray(area_means(namespace.asarray(image), 2)), [[4, 6, 8], [18, 20, 22]])


@pytest.mark.parametrize(
    ("image", "error", "words"),
    [
        (np.full((900, 900), 3.0), InputError, "same intensity"),
        (np.random.default_rng(1).normal(-1, 1, (900, 900)), InputError, "counts of electrons"),
        (np.ones((200, 900)), InputError, "at least 300"),
    ],
)
def test_images_that_tell_nothing_are_errors(micrograph, image, error, words):
    with pytest.raises(error, match=words):
        EmbeddedIceThickness().estimate(micrograph(image))


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        EmbeddedIceThickness().estimate(Micrograph(path=tmp_path / "none.mrc", pixel_size=1))


def test_the_estimate_is_kept(micrograph, tmp_path):
    image = micrograph(wedge())
    first = estimate_ice_thickness.fn(image, EmbeddedIceThickness(), tmp_path / "out")
    record = tmp_path / "out" / "micrograph_ice.json"
    before = record.stat().st_mtime_ns
    assert estimate_ice_thickness.fn(image, EmbeddedIceThickness(), tmp_path / "out") == first
    assert record.stat().st_mtime_ns == before
