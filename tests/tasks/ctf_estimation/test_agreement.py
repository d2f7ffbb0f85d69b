import numpy as np
import pytest
import scipy.ndimage

from tasks.ctf_estimation import EmbeddedCtf, agreement, ring_strength
from tasks.models import Optics, TiltGeometry
from tasks.simulation import SimulatedTiltSeries, simulate_tilt_images


@pytest.fixture
def fitted(rings, save, tmp_path):
    """An image and the CTF that was found in it."""
    image = save(rings(768, 1.5, (16000, 15000), 20, seed=801, strength=1.0))
    return image, EmbeddedCtf().estimate(image, Optics(), tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"defocus_u": 16300.0, "defocus_v": 15300.0},
        {"defocus_u": 21000.0, "defocus_v": 20000.0},
        {"defocus_angle": -70.0},
        {"phase_shift": 40.0},
    ],
)
def test_an_image_agrees_best_with_its_own_ctf(fitted, change):
    image, ctf = fitted
    assert agreement(image, Optics(), ctf) > agreement(image, Optics(), ctf.model_copy(update=change)) + 1


def test_noise_agrees_with_no_ctf(fitted, save):
    _, ctf = fitted
    noise = np.random.default_rng(802).normal(size=(768, 768)).astype(np.float32)
    assert abs(agreement(save(noise, name="noise"), Optics(), ctf)) < 6


def test_a_tilted_image_agrees_better_if_its_tilt_and_hand_are_known(save, tmp_path):
    parameters = SimulatedTiltSeries(seed=803, shape=(512, 512), pixel_size=5, largest_tilt=45, tilt_step=45, dose=20)
    images, truth = simulate_tilt_images(parameters)
    image, tilt = save(images[-1], 5.0), truth.tilts[-1].alignment
    lying = TiltGeometry(angle=tilt.angle, axis_angle=tilt.axis_angle)
    ctf = EmbeddedCtf().estimate(image, Optics(), tmp_path, lying)
    right, flat, wrong = (
        agreement(image, Optics(), ctf, lying),
        agreement(image, Optics(), ctf),
        agreement(image, Optics(), ctf, lying, handedness=1),
    )
    assert right > flat > wrong


def test_a_blurred_image_has_weaker_rings(rings, save):
    random = np.random.default_rng(804)
    clean = rings(768, 1.5, (16000, 15500), 20, seed=805, strength=1.0)
    blurred = scipy.ndimage.gaussian_filter1d(clean, 2.0, axis=1) + random.normal(0, 0.5, clean.shape)
    images = [save(clean, name="clean"), save(blurred.astype(np.float32), name="blurred")]
    sharp, weak = (ring_strength(image, Optics()) for image in images)
    assert sharp > weak + 1
