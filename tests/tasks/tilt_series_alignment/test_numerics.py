"""The numerics on an array library that allows the standard only."""

import array_api_strict
import numpy as np
import pytest

from tasks.numerics.fourier import rfft2, shift
from tasks.tilt_series_alignment.coarse import align_coarsely, highest
from tasks.tilt_series_alignment.geometry import Geometry
from tasks.tilt_series_alignment.patches import PatchGrid, correlate_patches
from tasks.tilt_series_alignment.preparation import Prepared
from tasks.tilt_series_alignment.specimen_plane import interpolate


@pytest.fixture
def texture() -> np.ndarray:
    transform = rfft2(np.random.default_rng(3).normal(size=(96, 96)).astype(np.float32))
    frequency = np.hypot(np.fft.fftfreq(96)[:, None], np.fft.rfftfreq(96))
    return np.fft.irfft2(transform * np.exp(-((frequency / 0.15) ** 2)), (96, 96)).astype(np.float32)


def prepared(images: np.ndarray, namespace) -> Prepared:
    signal = np.where(np.arange(24) < 12, 5.0, 0.0)
    return Prepared(namespace.asarray(images), signal, (1.0, 1.0), (48.0, 48.0))


@pytest.mark.parametrize("namespace", [np, array_api_strict])
def test_interpolates_a_smooth_image_between_pixels(texture, namespace):
    y, x = np.meshgrid(np.arange(20, 60, dtype=np.float32), np.arange(20, 60, dtype=np.float32), indexing="ij")
    moved = np.fft.irfft2(shift(rfft2(texture), (-0.3, 0.4), (96, 96)), (96, 96))
    points = [namespace.asarray(values.astype(np.float32)) for values in (x + 0.3, y - 0.4)]
    found = np.asarray(interpolate(namespace.asarray(texture), *points))
    assert np.abs(found - moved[20:60, 20:60]).max() < 0.05 * texture.std()


@pytest.mark.parametrize("namespace", [np, array_api_strict])
def test_coarse_alignment_finds_shifts(texture, namespace):
    moves = [(0.0, 0.0), (4.0, -3.0), (-5.5, 2.0)]
    images = np.stack([np.fft.irfft2(shift(rfft2(texture), move, (96, 96)), (96, 96)) for move in moves])
    start = Geometry(np.array([0.0, 0.01, 0.02]), 0.0, np.zeros((3, 2)))
    found = align_coarsely(prepared(images.astype(np.float32), namespace), start, 20.0).displacements
    assert found - found[0] == pytest.approx(np.array(moves), abs=0.25)


@pytest.mark.parametrize("namespace", [np, array_api_strict])
def test_correlations_of_patches_peak_at_their_shift(texture, namespace):
    images = np.stack([texture, np.roll(texture, (1, -2), (0, 1)), np.roll(texture, (0, 3), (0, 1))])
    geometry = Geometry(np.array([0.0, 0.01, 0.02]), 0.0, np.zeros((3, 2)))
    grid = PatchGrid.over(96, 32)
    pairs = correlate_patches(prepared(images, namespace), geometry, grid, np.zeros(len(grid.centres)), 2, 10.0, 6)
    assert pairs.pairs.tolist() == [[1, 0], [2, 0], [2, 1]]
    middle = pairs.maps[len(grid.centres) // 2]
    peaks = [np.unravel_index(part.argmax(), part.shape) for part in middle]
    assert [(int(x) - 6, int(y) - 6) for y, x in peaks] == [(-2, 1), (3, 0), (5, -1)]


def test_the_peak_of_a_correlation_is_found_between_pixels():
    y, x = np.meshgrid(np.arange(32), np.arange(40), indexing="ij")
    hill = np.exp(-((np.mod(x + 3.3 + 20, 40) - 20) ** 2 + (y - 5.25) ** 2) / 18)
    assert highest(hill.astype(np.float32)) == pytest.approx((-3.3, 5.25), abs=0.03)
