import array_api_strict
import numpy as np
import pytest

from tasks.ctf_estimation.spectrum import average_spectra
from tasks.ctf_estimation.tiles import tile
from tasks.models import TiltGeometry

BAND = (0.05, 0.4)


@pytest.fixture
def noise():
    return np.random.default_rng(1).normal(5, 2, (320, 384)).astype(np.float32)


def test_any_array_library_gives_the_same_spectra(noise):
    tiling = tile(noise.shape, 1.0, 128.0, TiltGeometry(angle=70.0, axis_angle=10.0))
    expected = average_spectra(noise, tiling, 96, BAND)
    found = average_spectra(array_api_strict.asarray(noise), tiling, 96, BAND)
    assert found.dtype == array_api_strict.float32
    np.testing.assert_allclose(np.asarray(found), expected, rtol=2e-3, atol=1e-4)


def test_white_noise_has_a_flat_spectrum_of_one(noise):
    spectra = average_spectra(noise, tile(noise.shape, 1.0, 128.0), 128, BAND)
    assert spectra.shape == (1, 128, 65)
    assert spectra[0, 10:60, 10:60].mean() == pytest.approx(1, abs=0.05)


def test_strong_tiles_do_not_outweigh_the_others(noise):
    with_edge = noise.copy()
    with_edge[:128, :128] *= 100
    tiling = tile(noise.shape, 1.0, 128.0)
    expected = average_spectra(noise, tiling, 128, BAND)
    found = average_spectra(with_edge, tiling, 128, BAND)
    assert np.corrcoef(found[0, 10:60, 10:60].ravel(), expected[0, 10:60, 10:60].ravel())[0, 1] > 0.7


def test_blank_tiles_do_not_count(noise):
    half_blank = noise.copy()
    half_blank[:, :192] = 3
    spectra = average_spectra(half_blank, tile(noise.shape, 1.0, 128.0), 128, BAND)
    assert np.isfinite(spectra).all()
    assert spectra[0, 10:60, 10:60].mean() == pytest.approx(1, abs=0.05)
