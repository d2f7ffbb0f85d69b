"""Images with Thon rings, by formulas of their own."""

import math

import numpy as np
import pytest

from tasks.formats.mrc import write_mrc
from tasks.models import Micrograph

WAVELENGTH = 0.0196875
"""Angstrom, at 300 kilovolt."""


def thon_rings(size, pixel_size, defocus, angle, *, seed, strength=0.7, phase_shift=0.0):
    """Return noise of which a part is modulated by the contrast transfer of defoci (U, V) with U along the angle."""
    random = np.random.default_rng(seed)
    ky = np.fft.fftfreq(size, pixel_size)[:, None]
    kx = np.fft.fftfreq(size, pixel_size)[None, :]
    squared = kx**2 + ky**2
    turn = np.arctan2(ky, kx) - math.radians(angle)
    local = defocus[0] * np.cos(turn) ** 2 + defocus[1] * np.sin(turn) ** 2
    chi = math.pi * WAVELENGTH * squared * (local - 0.5 * WAVELENGTH**2 * squared * 2.7e7)
    transfer = np.sin(chi + math.asin(0.1) + math.radians(phase_shift)) * np.exp(-20 * squared)
    signal = np.fft.ifft2(np.fft.fft2(random.normal(size=(size, size))) * transfer).real
    return (10 + strength * signal + random.normal(size=(size, size))).astype(np.float32)


@pytest.fixture
def save(tmp_path):
    """Make a micrograph of an image or a stack."""

    def make(image, pixel_size=1.5, name="image", **fields):
        path = tmp_path / f"{name}.mrc"
        write_mrc(path, image, pixel_size, stack=True)
        return Micrograph(path=path, pixel_size=pixel_size, **fields)

    return make


@pytest.fixture(scope="session")
def rings():
    """Give the function that makes images with Thon rings."""
    return thon_rings
