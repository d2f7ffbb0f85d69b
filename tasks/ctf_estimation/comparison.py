"""Lay the observed and the fitted spectrum side by side."""

import numpy as np
import scipy.ndimage

from tasks.ctf_estimation.fitting import Fit
from tasks.ctf_estimation.measurement import Measurement
from tasks.ctf_estimation.picture import Comparison, even_contrast
from tasks.ctf_estimation.polar import Numbers, PolarSpectra
from tasks.models import Optics
from tasks.numerics.optics import phase_aberration

_BEYOND = 1.3
"""How far the picture goes beyond the resolution of the fit."""
_WIDEST = 1 / 4
"""1 / angstrom that the picture shows at least."""

_AZIMUTH = 1.0
"""Sectors over which the averaged spectrum is smoothed (standard deviation)."""


def compare(spectra: Measurement, found: Fit, optics: Optics) -> Comparison:
    """Show the observed spectrum in the upper left, averaged along azimuth in the lower left, the fit on the right."""
    best = found.aberrations
    wanted = max(_BEYOND / found.resolution, _WIDEST)
    half = min(spectra.central.shape[0] // 2 - 1, round(wanted / spectra.step))
    rows = np.arange(-half, half)
    y, x = rows[:, None] * spectra.step, rows[None, :] * spectra.step
    defocus = best.defocus_at(np.arctan2(y, x))
    fitted = np.sin(phase_aberration(x**2 + y**2, defocus, optics, best.phase_shift)) ** 2
    grey = even_contrast(fitted)
    grey[:, :half] = even_contrast(scipy.ndimage.gaussian_filter(_full(spectra.central, half), 1.2))[:, :half]
    grey[:half, :half] = even_contrast(_averaged(found.levelled, x, y))[:half, :half]
    title = (
        f"defocus {best.defocus + best.half_astigmatism:.0f} and {best.defocus - best.half_astigmatism:.0f} A, "
        f"{best.angle:.1f} degree; fitted to {found.resolution:.1f} A; merit {found.figure_of_merit:.3f}"
    )
    return Comparison(grey, half * spectra.step, found.profile, found.resolution, title)


def _full(spectrum: Numbers, half: int) -> Numbers:
    """Return the logarithm of a full square spectrum of one half."""
    rows = np.arange(-half, half)
    right = spectrum[rows][:, :half]
    left = spectrum[-rows][:, 1 : half + 1][:, ::-1]
    full: Numbers = np.log(np.maximum(np.concatenate([left, right], axis=1), 1e-9))
    return full


def _averaged(spectra: PolarSpectra, x: Numbers, y: Numbers) -> Numbers:
    """Return the power at frequencies, averaged over azimuth."""
    sectors = len(spectra.azimuth)
    power = np.log(np.maximum(spectra.power[0], 1e-9)) * (spectra.count[0] > 0)
    weight = scipy.ndimage.gaussian_filter1d(spectra.count[0], _AZIMUTH, axis=0, mode="wrap")
    mean = scipy.ndimage.gaussian_filter1d(power * spectra.count[0], _AZIMUTH, axis=0, mode="wrap")
    sector = np.mod((np.arctan2(y, x) / np.pi + 0.5) * sectors - 0.5, sectors)
    step = spectra.frequency[1] - spectra.frequency[0]
    radius = (np.hypot(x, y) - spectra.frequency[0]) / step
    polar = mean / np.maximum(weight, 1e-9)
    averaged: Numbers = scipy.ndimage.map_coordinates(
        np.concatenate([polar, polar[:1]]), [sector, radius], order=1, mode="nearest"
    )
    return averaged
