"""How the defocus changes over a tilted image, which tells the hand."""

import math
from dataclasses import dataclass

import numpy as np

from tasks.ctf_estimation.aberrations import Aberrations
from tasks.ctf_estimation.agreement import COARSEST, EDGE, FINEST_OF_ANY, aberrations_of, spectra_of
from tasks.ctf_estimation.polar import Numbers
from tasks.ctf_estimation.search import SECTORS, SPREADS, thon_rings
from tasks.ctf_estimation.whitening import Whitened, whiten
from tasks.models import Ctf, Micrograph, Optics, TiltGeometry

_STEP = 100.0
_CENTRES = np.arange(-15, 16) * _STEP
"""Angstrom by which the defocus at the centre may differ from what was found without knowing the hand."""
_SLOPES = np.linspace(-1.6, 1.6, 33)
_EXPECTED = 0.4
"""How far a slope may be from +1 or -1 to speak for that hand."""


@dataclass(frozen=True)
class Gradient:
    """The change of defocus across the tilt axis."""

    slope: float
    """In units of what the tilt makes for a handedness of +1: near +1 or -1 where the image tells."""
    for_hand: float
    """Logarithm of the likelihood of a handedness of +1 relative to -1; of no meaning for a slope far from both."""


def defocus_gradient(micrograph: Micrograph, optics: Optics, ctf: Ctf, tilt: TiltGeometry) -> Gradient:
    """Measure the change of defocus across the tilt axis of an image from the spectra of strips parallel to it.

    The CTF is that of the centre of the image, found with whatever hand.
    """
    spectra = spectra_of(micrograph, tilt, handedness=1)
    high = min(FINEST_OF_ANY, EDGE / micrograph.pixel_size)
    whitened = whiten(spectra.within(COARSEST, high))
    found = aberrations_of(ctf)
    evidence = np.max([_evidence(whitened, found, optics, spread) for spread in SPREADS], axis=0)
    plus, minus = (evidence[np.abs(_SLOPES - hand) <= _EXPECTED].max() for hand in (1, -1))
    return Gradient(float(_SLOPES[np.argmax(evidence)]), float(plus - minus))


def _evidence(whitened: Whitened, found: Aberrations, optics: Optics, spread: float) -> Numbers:
    """Return the logarithm of the likelihood of each slope, with the defocus at the centre that suits it best."""
    offset = whitened.spectra.offset
    reach = float(np.abs(offset).max() * _SLOPES[-1] + _CENTRES[-1] + 2 * found.half_astigmatism)
    steps = math.ceil(reach / _STEP) + 1
    defoci = found.defocus + _STEP * np.arange(-steps, steps + 1)
    rings = thon_rings(whitened, defoci, optics, spread, found.phase_shift)
    azimuth = whitened.spectra.azimuth.reshape(SECTORS, -1).mean(axis=1)
    turns = found.defocus_at(azimuth) - found.defocus
    weighted = (whitened.signal * whitened.weight).reshape(len(offset), SECTORS, -1, rings.shape[1]).sum(axis=2)
    score, size = (np.zeros((len(_SLOPES), len(_CENTRES))) for _ in range(2))
    for group, weight, away in zip(weighted, whitened.weight.sum(axis=1), offset, strict=True):
        places = found.defocus + _CENTRES[None, :] + _SLOPES[:, None] * away
        products = group @ rings.T
        for turn, product in zip(turns, products, strict=True):
            score += np.interp(places + turn, defoci, product)
        size += np.interp(places, defoci, weight @ (rings**2).T)
    best: Numbers = (np.maximum(score, 0) ** 2 / np.maximum(size, 1e-9) / 2).max(axis=1)
    return best
