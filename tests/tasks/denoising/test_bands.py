import numpy as np

from tasks.denoising.bands import BANDS, add_cropped, crop, radii


def test_windows_of_the_bands_add_to_one():
    shape = (24, 20, 32)
    total = sum(band.window(radii(shape, shape)) for band in BANDS)
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_a_coarser_grid_holds_what_its_band_needs():
    shape = (48, 60, 72)
    volume = np.random.default_rng(2).normal(size=shape).astype(np.float32)
    whole = np.fft.rfftn(volume)
    for band in BANDS:
        grid = band.grid(shape)
        found = np.zeros_like(whole)
        add_cropped(found, crop(whole, grid) * band.window(radii(shape, grid)), grid)
        np.testing.assert_allclose(found, whole * band.window(radii(shape, shape)), atol=2e-3)
