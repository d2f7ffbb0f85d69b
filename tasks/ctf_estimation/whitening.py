"""Remove the smooth background of power spectra, so that only Thon rings and noise are left."""

from dataclasses import dataclass

import numpy as np

from tasks.ctf_estimation.polar import Numbers, PolarSpectra

_BEND = 0.02
"""Frequencies in 1 / angstrom within which a background does not bend."""
_OUTLIER = 5.0
"""Standard deviations beyond which a cell is cut: a crystal's spot, not a Thon ring."""


@dataclass(frozen=True)
class Whitened:
    """Power relative to its background, minus 1."""

    spectra: PolarSpectra
    signal: Numbers
    """(groups, sectors, radii)."""
    weight: Numbers
    """Inverse variance of each cell; (groups, sectors, radii)."""

    def without_background(self, values: Numbers) -> Numbers:
        """Remove from values in the cells what a smooth background explains."""
        smooth = polynomials(self.spectra.frequency)
        radial = self.weight.sum(axis=(0, 1))
        gram = (smooth.T * radial) @ smooth
        moments = smooth.T @ (self.weight * values).sum(axis=(0, 1))
        rest: Numbers = values - smooth @ np.linalg.lstsq(gram, moments, rcond=None)[0]
        return rest


def whiten(spectra: PolarSpectra) -> Whitened:
    """Divide power by its smooth radial background."""
    signal = spectra.power / smooth_background(spectra) - 1
    # The power of noise has an exponential distribution: its variance is its square.
    weight = spectra.count
    spread = np.sqrt(np.average(signal**2 * weight, weights=weight > 0))
    limit = _OUTLIER * max(float(spread), 1.0) / np.sqrt(np.maximum(weight, 1e-9))
    return Whitened(spectra, np.clip(signal, -limit, limit), weight)


def smooth_background(spectra: PolarSpectra) -> Numbers:
    """Fit the logarithm of the radial mean by a polynomial; (radii,)."""
    total = spectra.count.sum(axis=(0, 1))
    radial = (spectra.power * spectra.count).sum(axis=(0, 1)) / np.maximum(total, 1e-9)
    basis = polynomials(spectra.frequency)
    root = np.sqrt(total)
    solution = np.linalg.lstsq(basis * root[:, None], np.log(np.maximum(radial, 1e-12)) * root, rcond=None)[0]
    background: Numbers = np.exp(basis @ solution)
    return background


def polynomials(frequency: Numbers) -> Numbers:
    """Return Chebyshev polynomials over the range of the frequencies; (radii, degree + 1)."""
    middle, half = (frequency[-1] + frequency[0]) / 2, (frequency[-1] - frequency[0]) / 2
    degree = int(np.clip(round(2 * half / _BEND), 4, 10))
    return np.polynomial.chebyshev.chebvander((frequency - middle) / half, degree)
