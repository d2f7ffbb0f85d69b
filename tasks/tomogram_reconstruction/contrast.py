"""Bin a tilt image, weight it by the dose, and correct the contrast transfer function across the tilted specimen."""

import math
from collections.abc import Callable
from typing import Literal

import array_api_compat

from tasks.models import Ctf, Model, Optics
from tasks.numerics.device import Array, namespace
from tasks.numerics.fourier import crop, frequencies, irfft2, rfft2
from tasks.numerics.optics import astigmatic_defocus, critical_dose, phase_aberration, wavelength
from tasks.tomogram_reconstruction.tilt_images import AlignedImage

CtfCorrection = Literal["none", "phase-flip", "wiener"]

_PHASE_ERROR = math.pi / 8
_NOISE_TO_SIGNAL = 0.1


class Treatment(Model):
    """What is done to each image before it is projected back."""

    binning: int
    dose_weighting: bool
    ctf_correction: CtfCorrection
    handedness: Literal[-1, 1]
    optics: Optics


def treat(image: Array, aligned: AlignedImage, treatment: Treatment) -> Array:
    """Return the treated image: binned, of standard deviation 1."""
    xp = namespace(image)
    step = treatment.binning
    rows, columns = image.shape[0] // step, image.shape[1] // step
    transform = crop(rfft2(image[: rows * step, : columns * step]), (rows, columns))
    pixel_size = aligned.image.micrograph.pixel_size * step
    dose = _unweighted_dose(aligned) if treatment.dose_weighting else 0.0
    if dose > 0:
        transform = transform * _dose_weights(transform, (rows, columns), pixel_size, dose, treatment.optics.voltage)
    if aligned.image.ctf is None or treatment.ctf_correction == "none":
        found = irfft2(transform, (rows, columns))
    else:
        found = _correct(transform, (rows, columns), pixel_size, aligned, treatment)
    return found / xp.std(found)


def _unweighted_dose(aligned: AlignedImage) -> float:
    """Return the dose before an exposure that no weighting has taken into account, as that of the frames has."""
    tilt, micrograph = aligned.image.tilt, aligned.image.micrograph
    return 0.0 if micrograph.weighted and tilt.source != micrograph else tilt.pre_exposure


def _dose_weights(transform: Array, shape: tuple[int, int], pixel_size: float, dose: float, voltage: float) -> Array:
    xp = namespace(transform)
    squared = _squared_frequency(transform, shape, pixel_size)
    lowest = 1 / (pixel_size * max(shape))
    frequency = xp.sqrt(xp.clip(squared, lowest**2, None))
    return xp.exp(-0.5 * dose / critical_dose(frequency, voltage))


def _correct(
    transform: Array, shape: tuple[int, int], pixel_size: float, aligned: AlignedImage, treatment: Treatment
) -> Array:
    """Correct strips of one height above the plane of focus, and pass smoothly from one to the next."""
    xp = namespace(transform)
    ctf = aligned.image.ctf
    assert ctf is not None  # noqa: S101 - asked by the caller
    heights = _heights(transform, shape, pixel_size, aligned) * treatment.handedness
    step = _strip_height(pixel_size, treatment.optics.voltage)
    reach = math.ceil(float(xp.max(xp.abs(heights))) / step)
    chi = _aberration(transform, shape, pixel_size, ctf, treatment.optics)
    correct = _flip if treatment.ctf_correction == "phase-flip" else _wiener
    found = xp.zeros(shape, dtype=xp.float32, device=array_api_compat.device(transform))
    for number in range(-reach, reach + 1):
        share = xp.clip(1 - xp.abs(heights / step - number), 0, None)
        found += share * irfft2(transform * correct(chi(number * step)), shape)
    return found


def _heights(transform: Array, shape: tuple[int, int], pixel_size: float, aligned: AlignedImage) -> Array:
    """Return the height in angstrom of the specimen's middle plane at each pixel, seen from the beam."""
    xp = namespace(transform)
    device = array_api_compat.device(transform)
    y = (xp.arange(shape[0], dtype=xp.float32, device=device) - shape[0] // 2)[:, None]
    x = (xp.arange(shape[1], dtype=xp.float32, device=device) - shape[1] // 2)[None, :]
    axis = math.radians(aligned.place.axis_angle)
    across = x * math.cos(axis) + y * math.sin(axis)
    return across * (-math.tan(math.radians(aligned.place.angle)) * pixel_size)


def _strip_height(pixel_size: float, voltage: float) -> float:
    """Return the difference of defocus in angstrom that matters little at the highest frequency."""
    return _PHASE_ERROR * (2 * pixel_size) ** 2 / (math.pi * wavelength(voltage))


def _aberration(
    transform: Array, shape: tuple[int, int], pixel_size: float, ctf: Ctf, optics: Optics
) -> Callable[[float], Array]:
    xp = namespace(transform)
    squared = _squared_frequency(transform, shape, pixel_size)
    fy, fx = frequencies(shape, transform)
    defocus = astigmatic_defocus(xp.atan2(fy, fx), ctf.defocus_u, ctf.defocus_v, ctf.defocus_angle)
    return lambda height: phase_aberration(squared, defocus + height, optics, ctf.phase_shift)


def _flip(chi: Array) -> Array:
    return namespace(chi).sign(namespace(chi).sin(chi))


def _wiener(chi: Array) -> Array:
    contrast = namespace(chi).sin(chi)
    return contrast / (contrast**2 + _NOISE_TO_SIGNAL)


def _squared_frequency(transform: Array, shape: tuple[int, int], pixel_size: float) -> Array:
    fy, fx = frequencies(shape, transform)
    return (fx**2 + fy**2) / pixel_size**2
