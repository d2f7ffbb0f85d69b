"""Search all defoci, astigmatisms and phase shifts for those that explain the Thon rings best."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tasks.ctf_estimation.aberrations import Aberrations
from tasks.ctf_estimation.polar import Numbers
from tasks.ctf_estimation.whitening import Whitened, polynomials
from tasks.models import Optics
from tasks.numerics.optics import phase_aberration

_STEP = 100.0
"""Angstrom between defoci."""
SECTORS = 12
"""Sectors that are told apart."""
SPREADS = (1 / 16, 1 / 9, 1 / 5, 1.0)
"""Frequencies (1 / angstrom) at which Thon rings may have faded to 0.6."""


@dataclass(frozen=True)
class SearchSpace:
    """Where to search."""

    defocus: tuple[float, float]
    """Lowest and highest in angstrom."""
    astigmatism: float
    """Expected astigmatism in angstrom: its standard deviation."""
    phase_shifts: tuple[float, ...] = (0.0,)
    """Degree."""

    def astigmatisms(self) -> Iterator[Aberrations]:
        """Yield astigmatisms of up to twice the expected one, in all directions."""
        yield Aberrations(0)
        for half in np.arange(_STEP, self.astigmatism + _STEP / 2, _STEP):
            for angle in np.arange(SECTORS) * 2 * math.pi / SECTORS:
                yield Aberrations(0, float(half * math.cos(angle)), float(half * math.sin(angle)))


@dataclass(frozen=True)
class Candidate:
    """Aberrations and how well they explain the rings."""

    evidence: float
    """Logarithm of the likelihood relative to no rings."""
    aberrations: Aberrations


def search(whitened: Whitened, optics: Optics, space: SearchSpace) -> Candidate:
    """Return the most likely aberrations on a grid."""
    candidates = (
        _best(whitened, optics, space, spread, phase_shift) for spread in SPREADS for phase_shift in space.phase_shifts
    )
    return max(candidates, key=lambda candidate: candidate.evidence)


def _best(whitened: Whitened, optics: Optics, space: SearchSpace, spread: float, phase_shift: float) -> Candidate:
    """Return the best candidate of one fading and phase shift."""
    margin = math.ceil(space.astigmatism / _STEP) + 1
    steps = math.ceil((space.defocus[1] - space.defocus[0]) / _STEP) + 1
    defoci = space.defocus[0] + _STEP * np.arange(-margin, steps + margin)
    overlap, size = _match(whitened, defoci, optics, spread, phase_shift)
    azimuth = whitened.spectra.azimuth.reshape(SECTORS, -1).mean(axis=1)
    best = Candidate(-math.inf, Aberrations(0))
    for astigmatism in space.astigmatisms():
        shifts = np.round(astigmatism.defocus_at(azimuth) / _STEP).astype(np.int64) + margin
        score = np.sum([overlap[sector, shift : shift + steps] for sector, shift in enumerate(shifts)], axis=0)
        evidence = np.maximum(score, 0) ** 2 / size[margin : margin + steps] / 2
        evidence -= (2 * astigmatism.half_astigmatism / space.astigmatism) ** 2 / 2
        place = int(np.argmax(evidence))
        if evidence[place] > best.evidence:
            defocus = float(defoci[margin + place])
            found = Aberrations(defocus, astigmatism.cosine, astigmatism.sine, phase_shift)
            best = Candidate(float(evidence[place]), found)
    return best


def _match(
    whitened: Whitened, defoci: Numbers, optics: Optics, spread: float, phase_shift: float
) -> tuple[Numbers, Numbers]:
    """Return the overlap of each sector with the rings of each defocus (sectors, defoci), and their squared size."""
    offset = whitened.spectra.offset
    reach = math.ceil(float(np.abs(offset).max()) / _STEP)
    wide = defoci[0] + _STEP * np.arange(-reach, len(defoci) + reach)
    rings = thon_rings(whitened, wide, optics, spread, phase_shift)
    overlap = np.zeros((SECTORS, len(defoci)))
    size = np.full(len(defoci), 1e-9)
    weighted = (whitened.signal * whitened.weight).reshape(len(offset), SECTORS, -1, rings.shape[1]).sum(axis=2)
    for signal, weight, shift in zip(weighted, whitened.weight.sum(axis=1), offset, strict=True):
        products = signal @ rings.T
        overlap += np.stack([np.interp(defoci + shift, wide, product) for product in products])
        size += np.interp(defoci + shift, wide, weight @ (rings**2).T)
    return overlap, size


def thon_rings(whitened: Whitened, defoci: Numbers, optics: Optics, spread: float, phase_shift: float) -> Numbers:
    """Return the Thon rings of defoci, less what a smooth background explains; (defoci, radii)."""
    frequency = whitened.spectra.frequency
    root = np.sqrt(whitened.weight.sum(axis=(0, 1)))
    fading = np.exp(-0.5 * (frequency / spread) ** 2)
    rings = -np.cos(2 * phase_aberration(frequency**2, defoci[:, None], optics, phase_shift)) * fading * root
    smooth, _ = np.linalg.qr(polynomials(frequency) * root[:, None])
    rest: Numbers = (rings - (rings @ smooth) @ smooth.T) / np.maximum(root, 1e-9)
    return rest
