from statistics import mean

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from tasks.ctf_estimation import EmbeddedCtf
from tasks.ctf_estimation.profile import read_profile
from tasks.errors import InputError
from tasks.models import Optics, TiltGeometry
from tasks.simulation import SimulatedMovies, SimulatedTiltSeries, simulate_micrograph, simulate_tilt_images


def turned(first, second):
    """Return the smallest difference of two directions of an axis, in degree."""
    return abs((first - second + 90) % 180 - 90)


def test_finds_the_true_defocus_of_simulated_micrographs(save, tmp_path):
    misses = []
    for seed in range(3000, 3005):
        image, truth = simulate_micrograph(SimulatedMovies(seed=seed, pixel_size=1.5, astigmatism=(200, 900)))
        ctf = EmbeddedCtf().estimate(save(image), Optics(), tmp_path)
        true = truth.defocus
        misses.append((abs(ctf.defocus_u - true.u), abs(ctf.defocus_v - true.v), turned(ctf.defocus_angle, true.angle)))
    defocus_u, defocus_v, angle = (mean(column) for column in zip(*misses, strict=True))
    assert defocus_u < 30
    assert defocus_v < 30
    assert angle < 2


@pytest.mark.parametrize("angle", [-75.0, 20.0])
def test_the_angle_is_counter_clockwise_from_x(rings, save, tmp_path, angle):
    image = rings(768, 1.5, (16000, 15000), angle, seed=11, strength=1.0)
    ctf = EmbeddedCtf().estimate(save(image), Optics(), tmp_path)
    assert turned(ctf.defocus_angle, angle) < 3
    assert ctf.defocus_u == pytest.approx(16000, abs=60)
    assert ctf.defocus_v == pytest.approx(15000, abs=60)


def test_finds_the_phase_shift_of_a_phase_plate(rings, save, tmp_path):
    image = rings(768, 1.5, (12300, 11900), 40, seed=5, strength=1.0, phase_shift=70)
    ctf = EmbeddedCtf(phase_shift_range=(0, 180)).estimate(save(image), Optics(), tmp_path)
    assert ctf.phase_shift == pytest.approx(70, abs=6)
    assert ctf.defocus == pytest.approx(12100, abs=100)


def test_large_pixels_are_enough(rings, save, tmp_path):
    image = rings(512, 5.0, (31000, 30500), 10, seed=8, strength=1.0)
    ctf = EmbeddedCtf().estimate(save(image, 5.0), Optics(), tmp_path)
    assert ctf.defocus == pytest.approx(30750, abs=150)
    assert ctf.resolution < 14
    assert ctf.ice_ring == 0


def test_knowing_the_tilt_sharpens_the_rings_of_tilted_images(save, tmp_path):
    parameters = SimulatedTiltSeries(
        seed=3100,
        shape=(1024, 1024),
        pixel_size=2.0,
        largest_tilt=50,
        tilt_step=50,
        dose=40,
        thickness=300,
        defocus=20_000,
    )
    images, truth = simulate_tilt_images(parameters)
    misses = {"aware": 0.0, "flat": 0.0}
    for image, tilt in zip(images[[0, 2]], (truth.tilts[0], truth.tilts[2]), strict=True):
        geometry = TiltGeometry(angle=tilt.alignment.angle, axis_angle=tilt.alignment.axis_angle)
        micrograph = save(image, 2.0)
        aware = EmbeddedCtf().estimate(micrograph, Optics(), tmp_path, geometry)
        flat = EmbeddedCtf().estimate(micrograph, Optics(), tmp_path)
        other_hand = EmbeddedCtf(handedness=1).estimate(micrograph, Optics(), tmp_path, geometry)
        assert aware.figure_of_merit > 1.2 * flat.figure_of_merit
        assert aware.figure_of_merit > 1.5 * other_hand.figure_of_merit
        misses["aware"] += sum(map(abs, tilt.defocus.error(aware)))
        misses["flat"] += sum(map(abs, tilt.defocus.error(flat)))
    assert misses["aware"] < 4 * 90
    assert misses["aware"] < misses["flat"]


def test_says_of_pure_noise_that_nothing_was_fitted(save, tmp_path):
    image = np.random.default_rng(9).poisson(20, (768, 768)).astype(np.float32)
    ctf = EmbeddedCtf().estimate(save(image), Optics(), tmp_path)
    assert ctf.figure_of_merit < 0.15
    assert ctf.resolution == pytest.approx(30)


def test_stays_within_the_range_that_is_searched(rings, save, tmp_path):
    image = rings(512, 1.5, (9000, 9000), 0, seed=2, strength=1.0)
    ctf = EmbeddedCtf(defocus_range=(20_000, 30_000)).estimate(save(image), Optics(), tmp_path)
    assert 19_000 < ctf.defocus < 31_000


def test_scores_the_ring_of_ice(rings, save, tmp_path):
    image = rings(512, 1.2, (12000, 11800), 0, seed=6)
    frequency = np.hypot(np.fft.fftfreq(512, 1.2)[:, None], np.fft.fftfreq(512, 1.2)[None, :])
    crystal = np.fft.fft2(np.random.default_rng(1).normal(size=(512, 512))) * (abs(frequency - 1 / 3.67) < 0.006)
    without = EmbeddedCtf().estimate(save(image, 1.2), Optics(), tmp_path)
    with_ice = image + 2 * np.fft.ifft2(crystal).real.astype(np.float32)
    found = EmbeddedCtf().estimate(save(with_ice, 1.2), Optics(), tmp_path)
    assert without.ice_ring < 0.1
    assert found.ice_ring > 1
    assert found.defocus == pytest.approx(without.defocus, abs=60)


def test_leaves_a_picture_and_a_profile(rings, save, tmp_path):
    ctf = EmbeddedCtf().estimate(
        save(rings(768, 1.5, (12000, 11500), 0, seed=4, strength=1.0)), Optics(), tmp_path / "ctf"
    )
    assert ctf.diagnostic == tmp_path / "ctf" / "image_ctf.png"
    picture = np.asarray(Image.open(ctf.diagnostic).convert("L"), float)
    assert picture.shape == (512, 1024)
    assert picture[:, :256].std() > 30
    assert picture[:, 256:512].std() > 30
    profile = read_profile(ctf.profile)
    fitted = (profile.frequency > 1 / 20) & (profile.frequency < 1 / 8)
    rings_seen, rings_fitted = profile.observed - profile.background, profile.fit - profile.background
    assert np.corrcoef(rings_seen[fitted], rings_fitted[fitted])[0, 1] > 0.9


def test_prefers_the_image_without_dose_weighting(rings, save, tmp_path):
    weighted = save(rings(512, 1.5, (20000, 19500), 0, seed=1), name="weighted")
    unweighted = save(rings(512, 1.5, (12000, 11500), 0, seed=1), name="unweighted")
    micrograph = weighted.model_copy(update={"unweighted": unweighted.path})
    ctf = EmbeddedCtf().estimate(micrograph, Optics(), tmp_path)
    assert ctf.defocus == pytest.approx(11750, abs=150)
    assert ctf.profile.name == "weighted_ctf.csv"


def test_reads_its_section_of_a_stack(rings, save, tmp_path):
    stack = np.stack([rings(384, 1.5, (d, d), 0, seed=1, strength=1.0) for d in (9000, 15000)])
    micrograph = save(stack, section=1)
    ctf = EmbeddedCtf().estimate(micrograph, Optics(), tmp_path)
    assert ctf.defocus == pytest.approx(15000, abs=200)
    assert ctf.diagnostic.name == "image_section001_ctf.png"


def test_refuses_an_image_with_values_that_are_not_finite(tmp_path, save):
    image = np.random.default_rng(0).normal(size=(256, 256)).astype(np.float32)
    micrograph = save(image)
    image[3, 4] = np.nan
    micrograph.path.write_bytes(micrograph.path.read_bytes()[: -image.nbytes] + image.tobytes())
    with pytest.raises(InputError, match=r"image\.mrc: 1 pixels that are not finite"):
        EmbeddedCtf().estimate(micrograph, Optics(), tmp_path)


def test_refuses_a_blank_image(tmp_path, save):
    micrograph = save(np.full((256, 256), 3, np.float32))
    with pytest.raises(InputError, match=r"image\.mrc: the same value 3 in all pixels"):
        EmbeddedCtf().estimate(micrograph, Optics(), tmp_path)


def test_refuses_a_small_image(tmp_path, save):
    micrograph = save(np.random.default_rng(0).normal(size=(100, 256)).astype(np.float32))
    with pytest.raises(InputError, match="256 x 100 pixels; expected at least 128"):
        EmbeddedCtf().estimate(micrograph, Optics(), tmp_path)


def test_refuses_pixels_that_are_too_large_for_thon_rings(tmp_path, save):
    micrograph = save(np.random.default_rng(0).normal(size=(256, 256)).astype(np.float32), 12.0)
    with pytest.raises(InputError, match=r"pixels of 12 angstrom; expected at most 9\.4"):
        EmbeddedCtf().estimate(micrograph, Optics(), tmp_path)


@pytest.mark.parametrize(
    "fields",
    [{"defocus_range": (3e4, 1e4)}, {"resolution_range": (5, 30)}, {"phase_shift_range": (90, 90)}],
)
def test_refuses_ranges_that_hold_nothing(fields):
    with pytest.raises(ValidationError, match="must come first"):
        EmbeddedCtf(**fields)
