"""Refine aberrations by least squares against all cells at once."""

import math

import numpy as np

from tasks.ctf_estimation.aberrations import Aberrations
from tasks.ctf_estimation.polar import Numbers
from tasks.ctf_estimation.whitening import Whitened, polynomials
from tasks.models import Optics
from tasks.numerics.optics import wavelength

_ROUNDS = 25
_LONGEST = np.array([200.0, 200.0, 200.0, 15.0])
"""Largest change of defocus, cosine, sine (angstrom) and phase shift (degree) in one round."""
_ENOUGH = 0.1


def refine(
    whitened: Whitened, start: Aberrations, optics: Optics, astigmatism: float, *, phase: bool = False
) -> Aberrations:
    """Improve aberrations until they stay; ``phase`` says whether the phase shift is varied too.

    ``astigmatism``: the expected one in angstrom, that counts where the image says little.
    """
    current = start
    for _ in range(_ROUNDS):
        change = _change(whitened, current, optics, astigmatism, phase=phase)
        current = Aberrations(
            current.defocus + change[0],
            current.cosine + change[1],
            current.sine + change[2],
            current.phase_shift + change[3],
        )
        if np.abs(change).max() < _ENOUGH:
            break
    return current


def significance(whitened: Whitened, aberrations: Aberrations, optics: Optics) -> float:
    """Return by how many standard deviations of noise the fitted rings stand out."""
    rings = whitened.without_background(-np.cos(2 * aberrations.chi(whitened.spectra, optics)))
    template = rings * envelope(whitened, rings)
    size = float((template**2 * whitened.weight).sum())
    return float((template * whitened.signal * whitened.weight).sum()) / math.sqrt(max(size, 1e-12))


def figure_of_merit(whitened: Whitened, aberrations: Aberrations, optics: Optics) -> float:
    """Return the correlation of observed and fitted spectrum, both without background."""
    observed = whitened.without_background(whitened.signal)
    rings = whitened.without_background(np.sin(aberrations.chi(whitened.spectra, optics)) ** 2)
    products = ((first * second * whitened.weight).sum() for first, second in _pairs(observed, rings))
    shared, power, size = products
    return float(shared / math.sqrt(max(power * size, 1e-24)))


def envelope(whitened: Whitened, rings: Numbers) -> Numbers:
    """Return how strong rings are at each radius: local regressions, smoothed and never negative."""
    over = (whitened.signal * rings * whitened.weight).sum(axis=(0, 1))
    under = (rings**2 * whitened.weight).sum(axis=(0, 1))
    place = np.arange(len(over))
    kernel = np.exp(-0.5 * ((place[:, None] - place) / max(4.0, len(over) / 12)) ** 2)
    strength: Numbers = np.maximum((kernel @ over) / np.maximum(kernel @ under, 1e-9), 0)
    return strength


def _pairs(first: Numbers, second: Numbers) -> tuple[tuple[Numbers, Numbers], ...]:
    return (first, second), (first, first), (second, second)


def _change(whitened: Whitened, current: Aberrations, optics: Optics, astigmatism: float, *, phase: bool) -> Numbers:
    """Return the change of defocus, cosine, sine and phase shift that fits best."""
    spectra = whitened.spectra
    chi = current.chi(spectra, optics)
    strength = envelope(whitened, -np.cos(2 * chi))
    slope = 2 * np.sin(2 * chi) * strength
    by_defocus = slope * math.pi * wavelength(optics.voltage) * spectra.frequency_squared
    twice = 2 * spectra.azimuth[:, None]
    columns: list[Numbers] = [by_defocus, by_defocus * np.cos(twice), by_defocus * np.sin(twice)]
    columns += [slope * math.radians(1)] if phase else []
    background = polynomials(spectra.frequency).T[:, None, None, :] * np.ones_like(chi)
    design = np.stack([*columns, *background]).reshape(len(columns) + len(background), -1)
    rest = (whitened.signal + strength * np.cos(2 * chi)).reshape(-1)
    weighted = design * whitened.weight.reshape(-1)
    normal, target = weighted @ design.T, weighted @ rest
    precision = (2 / astigmatism) ** 2
    normal[1, 1] += precision
    normal[2, 2] += precision
    target[1] -= precision * current.cosine
    target[2] -= precision * current.sine
    change = np.zeros(4)
    change[: len(columns)] = np.linalg.lstsq(normal, target, rcond=None)[0][: len(columns)]
    longest = float(np.max(np.abs(change) / _LONGEST))
    return change / max(longest, 1.0)
