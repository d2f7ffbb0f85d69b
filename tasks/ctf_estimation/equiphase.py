"""Average spectra along lines of equal phase, and judge how well Thon rings are fitted at each frequency."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tasks.ctf_estimation.aberrations import Aberrations
from tasks.ctf_estimation.polar import Numbers, PolarSpectra
from tasks.ctf_estimation.profile import RadialProfile
from tasks.ctf_estimation.whitening import smooth_background
from tasks.models import Optics
from tasks.numerics.optics import wavelength

Integers = npt.NDArray[np.int64]

_NARROWEST = 8.0
"""Radii over which a fit is judged at least (standard deviation of a Gaussian)."""
_RINGS = 0.75
"""Thon rings over which a fit is judged at least."""
_GOOD = 0.5
"""Correlation above which Thon rings count as fitted."""


def fit_resolution(profile: RadialProfile, low: float, high: float) -> float:
    """Return the resolution in angstrom to which rings are fitted: where they first fail beyond the best frequency.

    The best frequency is looked for between ``low`` and ``high`` (1 / angstrom).
    """
    inside = np.flatnonzero((profile.frequency >= low) & (profile.frequency <= high))
    best = inside[np.argmax(profile.correlation[inside])]
    if profile.correlation[best] < _GOOD:
        return 1 / low
    failing = np.flatnonzero(profile.correlation[best:] < _GOOD)
    last = best + failing[0] - 1 if len(failing) else len(profile.frequency) - 1
    return float(1 / profile.frequency[last])


def level(spectra: PolarSpectra, aberrations: Aberrations, optics: Optics) -> PolarSpectra:
    """Bring the spectra of all groups to the defocus of the centre and average them."""
    if len(spectra.offset) == 1:
        return spectra
    target = aberrations.defocus_at(spectra.azimuth)[None, :, None]
    bins = _bins(spectra, target + spectra.offset[:, None, None], target, optics)
    sectors, radii = len(spectra.azimuth), len(spectra.frequency)
    cells = np.arange(sectors)[None, :, None] * (radii + 1) + bins
    sums = (_sum(cells, spectra.count * value, sectors * (radii + 1)) for value in (spectra.power, 1.0))
    power, count = (total.reshape(1, sectors, radii + 1)[..., :radii] for total in sums)
    return replace(spectra, power=power / np.maximum(count, 1e-9), count=count, offset=np.zeros(1))


def equiphase_profile(levelled: PolarSpectra, aberrations: Aberrations, optics: Optics) -> RadialProfile:
    """Average along lines of equal phase and regress on the contrast transfer function around each frequency."""
    frequency = levelled.frequency
    base = smooth_background(levelled)
    defocus = aberrations.defocus_at(levelled.azimuth)[None, :, None]
    bins = _bins(levelled, defocus, np.full_like(defocus, aberrations.defocus), optics)
    rings = np.sin(aberrations.chi(levelled, optics)) ** 2
    weight, power, expected = (
        _sum(bins, levelled.count * value, len(frequency) + 1)[:-1] for value in (1.0, levelled.power / base, rings)
    )
    full = np.maximum(weight, 1e-9)
    width = _width(frequency, aberrations.defocus, optics) / (frequency[1] - frequency[0])
    height, slope, correlation = _regress(power / full, expected / full, weight, width)
    fit = height + slope * expected / full
    return RadialProfile(frequency, power / full * base, fit * base, height * base, correlation)


def _bins(spectra: PolarSpectra, defocus: Numbers, target: Numbers, optics: Optics) -> Integers:
    """Return the radius of each cell at which the phase of another defocus is the same.

    It is one more than there are where the spectrum does not go so far.
    """
    step = spectra.frequency[1] - spectra.frequency[0]
    bend = 0.5 * wavelength(optics.voltage) ** 2 * optics.spherical_aberration * 1e7
    phase = spectra.frequency_squared * (defocus - bend * spectra.frequency_squared)
    squared = 2 * phase / (target + np.sqrt(np.maximum(target**2 - 4 * bend * phase, 0)))
    radius = (np.sqrt(np.maximum(squared, 0)) - spectra.frequency[0]) / step
    beyond = len(spectra.frequency)
    bins: Integers = np.where(radius > -0.5, np.minimum(np.round(radius), beyond), beyond).astype(np.int64)
    return bins


def _sum(bins: Integers, values: Numbers, length: int) -> Numbers:
    total = np.bincount(bins.ravel(), values.ravel(), length)
    return total.astype(np.float64)


def _width(frequency: Numbers, defocus: float, optics: Optics) -> Numbers:
    """Return the distance in 1 / angstrom over which a fit is judged."""
    length = wavelength(optics.voltage)
    bend = length**2 * optics.spherical_aberration * 1e7
    rate = 2 * length * frequency * np.abs(defocus - bend * frequency**2)
    reach = frequency[-1] - frequency[0]
    step = frequency[1] - frequency[0]
    widest = max(reach / 8, _NARROWEST * step)
    width: Numbers = np.clip(_RINGS / np.maximum(rate, 1e-9), _NARROWEST * step, widest)
    return width


def _regress(observed: Numbers, expected: Numbers, weight: Numbers, width: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Regress locally on a line and the expected rings; return level, slope and partial correlation."""
    place = np.arange(len(observed), dtype=np.float64)
    distance = (place[None, :] - place[:, None]) / width[:, None]
    kernel = np.exp(-0.5 * distance**2) * weight
    kernel /= kernel.sum(axis=1, keepdims=True)
    basis = np.stack([np.ones_like(distance), distance], axis=1)
    gram = np.einsum("rp,rip,rjp->rij", kernel, basis, basis)

    def residual(values: Numbers) -> Numbers:
        moments = np.einsum("rp,rip,p->ri", kernel, basis, values)
        line = np.linalg.solve(gram, moments[..., None])[..., 0]
        rest: Numbers = values - np.einsum("ri,rip->rp", line, basis)
        return rest

    rest, rings = residual(observed), residual(expected)
    shared, own, rest_size = ((kernel * product).sum(axis=1) for product in (rest * rings, rings**2, rest**2))
    slope = np.maximum(shared / np.maximum(own, 1e-12), 0)
    correlation = shared / np.sqrt(np.maximum(own * rest_size, 1e-24))
    line_observed, line_expected = (
        np.diagonal(values - residual_) for values, residual_ in ((observed, rest), (expected, rings))
    )
    return line_observed - slope * line_expected, slope, correlation
