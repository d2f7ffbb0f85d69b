"""Thickness of the specimen, from how fast tilts become unlike each other.

A point of height z moves by z (tan a - tan b) in the plane of the specimen between the tilts a and b. Summed over many
points, the cross spectrum of the two at the frequency f across the axis is thus the Fourier transform, at
q = f (tan a - tan b), of how the detail is distributed in height: all pairs of tilts together measure it. For a slab it
is sin(pi q T) / (pi q T).
"""

import numpy as np
import numpy.typing as npt

from tasks.numerics.device import to_host
from tasks.numerics.fourier import rfft2
from tasks.tilt_series_alignment.geometry import Geometry, Numbers
from tasks.tilt_series_alignment.preparation import Prepared
from tasks.tilt_series_alignment.specimen_plane import unfold
from tasks.tilt_series_alignment.weighting import Spectrum

_LOWEST, _HIGHEST = 0.02, 0.3
"""Frequencies between which detail counts, in cycles per pixel: not the background, not beyond zeros of the CTF."""
_BINS, _LARGEST = 80, 0.1
"""Bins of q, and the largest in cycles per pixel."""
_THINNEST, _THICKEST = 5.0, 1.5
"""Pixels, and sides of the plane: what is thinner or thicker cannot be told."""
_SHARED = 0.5
"""Least part of the expected signal that tilts must share."""
_APART = 0.25
"""Largest difference between the thicknesses of two halves of the frequencies, relative to that of all."""
_OFFSETS = np.linspace(-0.25, 0.25, 11)
"""Heights of the middle of the slab that are tried, over its thickness."""


def thickness(prepared: Prepared, geometry: Geometry) -> float | None:
    """Return the thickness in pixels of the layer that shows detail, or None if it is not clear.

    What lies above and below the detail, as pure ice, cannot be seen.
    """
    shared, expected = _spectra(prepared, geometry)
    middles = (np.arange(_BINS) + 0.5) * _LARGEST / _BINS
    whole, *halves = (
        _slab(middles, shared[part].sum(axis=0), expected[part].sum(axis=0), _THICKEST * prepared.size)
        for part in (slice(None), slice(0, None, 2), slice(1, None, 2))
    )
    if whole is None or any(half is None or abs(half / whole - 1) > _APART for half in halves):
        return None
    return whole


def _spectra(prepared: Prepared, geometry: Geometry) -> tuple[npt.NDArray[np.complex128], Numbers]:
    """Return the signal that pairs of tilts share in bins of q, found and expected of a thin layer (columns, bins)."""
    columns = np.arange(1, round(_HIGHEST * prepared.size))
    spectrum = Spectrum(prepared.signal, geometry.cosines, prepared.size)
    radius = np.hypot(spectrum.fx[:, columns], spectrum.fy)
    band = (radius > _LOWEST) & (radius < _HIGHEST)
    ratio = spectrum.ratio[..., columns]
    amplitudes = np.sqrt(ratio / (1 + ratio)) * band
    transforms = [
        to_host(rfft2(unfold(prepared, geometry, tilt)[0]))[:, columns] for tilt in range(len(geometry.angles))
    ]
    weighted = np.stack(transforms) * amplitudes / prepared.size
    first, second = np.tril_indices(len(weighted), -1)
    apart = geometry.tangents[first] - geometry.tangents[second]
    rows = []
    for place, column in enumerate(columns):
        slab, power = weighted[..., place], amplitudes[..., place] ** 2
        found, expected = (slab @ slab.conj().T)[first, second], (power @ power.T)[first, second]
        rows.append(_binned(apart * column / prepared.size, found, expected))
    sums = np.array(rows)
    return sums[:, 0] + 1j * sums[:, 1], sums[:, 2]


def _binned(q: Numbers, found: npt.NDArray[np.complex64], expected: Numbers) -> list[Numbers]:
    """Sum real and imaginary parts of what is found, and what is expected, over bins of q."""
    number = np.minimum((np.abs(q) * _BINS / _LARGEST).astype(int), _BINS)
    parts = (found.real, found.imag * np.sign(q), expected)
    return [np.asarray(np.bincount(number, part, _BINS + 1)[:_BINS], np.float64) for part in parts]


def _slab(q: Numbers, found: npt.NDArray[np.complex128], expected: Numbers, largest: float) -> float | None:
    """Return the thickness of the slab that explains best what is found, where it explains enough."""
    candidates = np.geomspace(_THINNEST, largest, 200)
    thicknesses, offsets = np.meshgrid(candidates, _OFFSETS, indexing="ij")
    phase = 2 * np.pi * q * (thicknesses * offsets)[..., None]
    profiles = np.sinc(q * thicknesses[..., None]) * np.exp(-1j * phase)
    products = (profiles.conj() * found).real.sum(axis=-1)
    powers = (np.abs(profiles) ** 2 * expected).sum(axis=-1)
    shares = products / np.maximum(powers, np.finfo(np.float32).tiny)
    best = np.unravel_index(int(np.argmax(products * np.maximum(shares, 0))), shares.shape)
    inside = 0 < best[0] < len(candidates) - 1
    return float(candidates[best[0]]) if inside and shares[best] > _SHARED else None
