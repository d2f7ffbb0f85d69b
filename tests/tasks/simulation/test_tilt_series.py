import numpy as np
import pytest
from scipy.ndimage import center_of_mass, gaussian_filter

from tasks.formats.frames import read_frames
from tasks.formats.gain import gain_of
from tasks.formats.mdoc import read_mdoc
from tasks.formats.mrc import header
from tasks.numerics.fourier import irfft2, rfft2, shift
from tasks.simulation import Drift, SimulatedTiltSeries, TiltSeriesTruth, simulate_tilt_images, true_volume
from tasks.simulation.scatterers import seen_at
from tasks.simulation.scene import Scene

SMALL = SimulatedTiltSeries(seed=3, shape=(64, 80), pixel_size=16, largest_tilt=40, tilt_step=20, frames=2)


def test_the_truth_can_be_read_back(simulated_tilt_series):
    path = simulated_tilt_series.mdoc.with_name("truth.json")
    assert TiltSeriesTruth.read(path) == simulated_tilt_series


def test_corrected_frames_have_the_dose_that_the_slab_lets_through(simulated_tilt_series):
    for tilt in simulated_tilt_series.tilts:
        frames = np.stack(list(read_frames(tilt.movie))) * gain_of(tilt.movie)
        assert frames.shape == (3, 112, 128)
        # An electron per square angstrom and frame, of which the slab takes the more the more it is tilted.
        expected = 12**2 * np.exp(-1500 / 3500 / np.cos(np.radians(tilt.alignment.angle)))
        assert np.median(frames) / expected == pytest.approx(1, abs=0.12)


def test_the_mdoc_tells_what_the_microscope_believes(simulated_tilt_series):
    mdoc = read_mdoc(simulated_tilt_series.mdoc)
    tilts = {tilt.movie.path.name: tilt for tilt in simulated_tilt_series.tilts}
    assert mdoc.tilt_axis_angle == pytest.approx(85)
    assert mdoc.pixel_size == 12
    assert [section.tilt_angle for section in mdoc.sections[:5]] == [0, 10, -10, -20, 20]
    for number, section in enumerate(mdoc.sections):
        tilt = tilts[section.sub_frame_path.rsplit("\\", 1)[-1]]
        assert tilt.number == number + 1
        assert tilt.nominal_angle == section.tilt_angle
        assert section.exposure_dose == pytest.approx(3)
        assert section.frames == 3
        assert tilt.pre_exposure == pytest.approx(3 * number)
    assert all(a.taken < b.taken for a, b in zip(mdoc.sections, mdoc.sections[1:], strict=False))


def test_the_volume_is_that_of_the_truth(simulated_tilt_series):
    found = header(simulated_tilt_series.volume)
    assert found.pixel_size == pytest.approx(simulated_tilt_series.voxel_size)
    assert found.shape[1:] == (56, 64)


def test_beads_are_seen_where_the_truth_puts_them():
    scene = Scene.build(SimulatedTiltSeries(seed=5, shape=(256, 256), pixel_size=8, tilt_step=30, beads=5))
    errors = []
    for tilt in scene.truth.tilts:
        image = gaussian_filter(scene.image(tilt), 1)
        for x, y in alone(np.transpose(seen_at(np.array(scene.truth.beads), tilt.alignment)) / 8 + 128):
            column, row = round(x), round(y)
            if 8 < column < 248 and 8 < row < 248:
                dark = np.maximum(0.75 - image[row - 7 : row + 8, column - 7 : column + 8], 0)
                errors.append(np.array(center_of_mass(dark)) - (7 + y - row, 7 + x - column))
    assert len(errors) >= 10
    assert np.median(np.hypot(*np.transpose(errors))) < 0.3
    assert np.abs(np.median(errors, axis=0)).max() < 0.12


def alone(places):
    """Return the places that are far from all others."""
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(len(places))
    return places[apart.min(axis=1) > 25]


def test_dense_material_is_dark_in_images_and_in_the_volume():
    parameters = SMALL.model_copy(update={"shift": 0.0, "axis_angle": 0.0, "angle_error": 0.0})
    images, _ = simulate_tilt_images(parameters)
    thick = true_volume(parameters).sum(axis=0)
    assert thick.mean() < 0
    both = [gaussian_filter(image, 1) - gaussian_filter(image, 5) for image in (images[2], thick)]
    assert np.corrcoef(both[0].ravel(), both[1].ravel())[0, 1] > 0.4


def test_undoing_the_true_motion_sharpens_the_sum():
    drift = Drift(rise=0, slide=60, jitter=3)
    parameters = SimulatedTiltSeries(seed=6, shape=(128, 128), pixel_size=6, drift=drift, beads=6, gain=False)
    scene = Scene.build(parameters)
    tilt = next(tilt for tilt in scene.truth.tilts if tilt.nominal_angle == 0)
    frames = np.stack(list(scene.expose(tilt, parameters.frames).expected()))
    back = [(-x / 6, -y / 6) for x, y in tilt.displacements]
    moved = [irfft2(shift(rfft2(f), d, f.shape), f.shape) for f, d in zip(frames, back, strict=True)]
    inside = (slice(20, -20), slice(20, -20))
    assert np.sum(moved, axis=0)[inside].std() > 1.1 * frames.sum(axis=0)[inside].std()


def test_the_same_seed_gives_the_same_images():
    first, truth = simulate_tilt_images(SMALL)
    second, again = simulate_tilt_images(SMALL)
    assert np.array_equal(first, second)
    assert truth == again


def test_another_seed_gives_other_images():
    first, _ = simulate_tilt_images(SMALL)
    second, _ = simulate_tilt_images(SMALL.model_copy(update={"seed": 4}))
    assert abs(np.corrcoef(first[2].ravel(), second[2].ravel())[0, 1]) < 0.2


def test_high_tilts_look_at_material_from_edge_to_edge():
    images, _ = simulate_tilt_images(
        SMALL.model_copy(update={"largest_tilt": 60.0, "tilt_step": 60.0, "axis_angle": 0})
    )
    smooth = gaussian_filter(images[-1], 1) - gaussian_filter(images[-1], 4)
    assert smooth[:, :12].std() == pytest.approx(smooth[:, 34:46].std(), rel=0.4)
