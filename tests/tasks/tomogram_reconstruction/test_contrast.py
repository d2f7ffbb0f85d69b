from pathlib import Path

import array_api_strict as strict
import numpy as np
import pytest

from tasks.models import Ctf, Micrograph, Optics, Tilt, TiltAlignment, TiltImage
from tasks.numerics.fourier import frequencies, irfft2, rfft2
from tasks.numerics.optics import critical_dose, phase_aberration
from tasks.tomogram_reconstruction.contrast import Treatment, treat
from tasks.tomogram_reconstruction.tilt_images import AlignedImage

SHAPE, PIXEL_SIZE, DEFOCUS = (96, 128), 5.0, 30_000.0
OPTICS = Optics()


def aligned(angle=0.0, defocus=DEFOCUS, dose=0.0, axis=0.0):
    micrograph = Micrograph(path=Path("tilt.mrc"), pixel_size=PIXEL_SIZE)
    numbers = {"defocus_u": defocus, "defocus_v": defocus, "defocus_angle": 0, "resolution": 8}
    files = {"diagnostic": Path("a"), "profile": Path("b"), "program": "truth"}
    ctf = Ctf(**numbers, **files, figure_of_merit=1, ice_ring=0)
    tilt = Tilt(name="tilt", angle=angle, number=1, pre_exposure=dose, source=micrograph)
    place = TiltAlignment(name="tilt", angle=angle, axis_angle=axis, displacement=(0, 0))
    return AlignedImage(TiltImage(tilt=tilt, micrograph=micrograph, ctf=ctf), place)


def treatment(**options):
    defaults = {"binning": 1, "dose_weighting": True, "ctf_correction": "none", "handedness": -1, "optics": OPTICS}
    return Treatment(**(defaults | options))


def squared_frequencies(like):
    fy, fx = frequencies(SHAPE, like)
    return (fx**2 + fy**2) / PIXEL_SIZE**2


def tilted_image(specimen, angle, handedness):
    """Return how a tilted plane is imaged, column by column of its own defocus (the axis is upright)."""
    transform = rfft2(specimen)
    image = np.empty_like(specimen)
    for column in range(SHAPE[1]):
        height = -(column - SHAPE[1] // 2) * PIXEL_SIZE * np.tan(np.radians(angle))
        chi = phase_aberration(squared_frequencies(specimen), DEFOCUS + handedness * height, OPTICS)
        image[:, column] = irfft2(-np.sin(chi) * transform, SHAPE)[:, column]
    return image


def edges_agree(found, specimen):
    """Return the correlation with the specimen far from the tilt axis, where the defocus differs most."""
    far = np.r_[8:30, SHAPE[1] - 30 : SHAPE[1] - 8]
    return np.corrcoef(found[:, far].ravel(), -specimen[:, far].ravel())[0, 1]


@pytest.mark.parametrize("handedness", [-1, 1])
@pytest.mark.parametrize("correction", ["phase-flip", "wiener"])
def test_strips_correct_a_tilted_specimen_of_the_right_hand_only(handedness, correction):
    specimen = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    image = tilted_image(specimen, 75.0, handedness)
    right, wrong = (
        edges_agree(treat(image, aligned(75.0), treatment(ctf_correction=correction, handedness=hand)), specimen)
        for hand in (handedness, -handedness)
    )
    raw = edges_agree(treat(image, aligned(75.0), treatment()), specimen)
    assert right > 0.85
    assert right > wrong + 0.1
    assert right > raw + 0.3


def test_dense_material_stays_dark():
    specimen = np.zeros(SHAPE, np.float32)
    specimen[40:44, 60:64] = 1
    found = treat(tilted_image(specimen, 0.0, -1), aligned(), treatment(ctf_correction="phase-flip"))
    assert found[42, 62] < -10 * abs(np.median(found))


def test_the_dose_before_an_exposure_weighs_its_frequencies():
    image = np.random.default_rng(2).normal(size=SHAPE).astype(np.float32)
    ratio = np.abs(rfft2(treat(image, aligned(dose=60), treatment()))) / np.abs(rfft2(image))
    frequency = np.sqrt(squared_frequencies(image))
    expected = np.exp(-30 / critical_dose(np.maximum(frequency, 1e-3)))
    low, high = (frequency > 0.01) & (frequency < 0.015), frequency > 0.05
    assert ratio[high].mean() / ratio[low].mean() == pytest.approx(
        expected[high].mean() / expected[low].mean(), rel=0.03
    )


@pytest.mark.parametrize("options", [{"dose_weighting": False}, {}])
def test_an_image_without_dose_before_it_or_without_weighting_is_only_normalised(options):
    image = np.random.default_rng(3).normal(size=SHAPE).astype(np.float32)
    dose = 0.0 if not options else 60.0
    found = treat(image, aligned(dose=dose), treatment(**options))
    np.testing.assert_allclose(found, image / image.std(), atol=1e-4)


def of_movie(made, weighted):
    """Return an image as if it was made of a movie, whose frames were weighted by dose or not."""
    source = made.image.tilt.source.model_copy(update={"path": Path("movie.mrc")})
    tilt = made.image.tilt.model_copy(update={"source": source})
    micrograph = made.image.micrograph.model_copy(update={"weighted": weighted})
    return AlignedImage(made.image.model_copy(update={"tilt": tilt, "micrograph": micrograph}), made.place)


def test_images_of_movies_are_weighted_once():
    image = np.random.default_rng(4).normal(size=SHAPE).astype(np.float32)
    made = aligned(dose=60)
    found = treat(image, of_movie(made, weighted=True), treatment())
    np.testing.assert_allclose(found, image / image.std(), atol=1e-4)
    found = treat(image, of_movie(made, weighted=False), treatment())
    np.testing.assert_array_equal(found, treat(image, made, treatment()))


def test_any_array_library_gives_what_numpy_gives():
    image = np.random.default_rng(5).normal(size=SHAPE).astype(np.float32)
    options = treatment(ctf_correction="phase-flip", binning=2)
    expected = treat(image, aligned(45.0, dose=30, axis=85), options)
    found = treat(strict.asarray(image), aligned(45.0, dose=30, axis=85), options)
    np.testing.assert_allclose(np.asarray(found), expected, atol=1e-3)
