"""How well the spectrum of an image agrees with a contrast transfer function, whoever has fitted it."""

import math

import numpy as np

from tasks.ctf_estimation.aberrations import Aberrations
from tasks.ctf_estimation.fitting import Plan, fit
from tasks.ctf_estimation.measurement import check, measure
from tasks.ctf_estimation.naming import image_of
from tasks.ctf_estimation.polar import PolarSpectra
from tasks.ctf_estimation.refinement import significance
from tasks.ctf_estimation.search import SearchSpace
from tasks.ctf_estimation.tiles import tile
from tasks.ctf_estimation.whitening import whiten
from tasks.formats.mrc import read_image
from tasks.models import Ctf, Micrograph, Optics, TiltGeometry

EDGE = 0.47
"""Cycles per pixel; beyond it, aliasing blurs the rings."""
_TILE = 800.0
COARSEST, _FINEST = 1 / 30, 1 / 3
FINEST_OF_ANY = 1 / 5
"""1 / angstrom: images of one movie by different programs may have different pixels, all of which reach this."""
_DEFOCUS, _ASTIGMATISM = (3_000.0, 60_000.0), 600.0


def agreement(
    micrograph: Micrograph, optics: Optics, ctf: Ctf, tilt: TiltGeometry | None = None, *, handedness: int = -1
) -> float:
    """Return by how many standard deviations of noise the Thon rings of a CTF stand out in an image.

    The image alone is asked: CTFs that different programs found of one image can be compared, and the highest is the
    most likely one. Rings that are not there reach up to about 6.
    """
    spectra = spectra_of(micrograph, tilt, handedness=handedness)
    return _significance(spectra, aberrations_of(ctf), optics, min(_FINEST, EDGE / micrograph.pixel_size))


def ring_strength(micrograph: Micrograph, optics: Optics) -> float:
    """Return by how many standard deviations of noise the Thon rings of an image stand out, whatever its CTF is.

    Motion blurs rings: of images of one movie, the one with the strongest rings was corrected best.
    """
    high = min(FINEST_OF_ANY, EDGE / micrograph.pixel_size)
    spectra = spectra_of(micrograph, None)
    plan = Plan(SearchSpace(_DEFOCUS, _ASTIGMATISM), (COARSEST, high), high, optics, follow_rings=False)
    return _significance(spectra, fit(spectra, plan).aberrations, optics, high)


def aberrations_of(ctf: Ctf) -> Aberrations:
    """Return a CTF as the fit has it."""
    half, turn = ctf.astigmatism / 2, math.radians(2 * ctf.defocus_angle)
    return Aberrations(ctf.defocus, half * math.cos(turn), half * math.sin(turn), ctf.phase_shift)


def spectra_of(micrograph: Micrograph, tilt: TiltGeometry | None, *, handedness: int = -1) -> PolarSpectra:
    """Return the mean spectra of an image, of strips parallel to the tilt axis if it is tilted."""
    path, pixel_size = image_of(micrograph), micrograph.pixel_size
    image = np.asarray(read_image(path, micrograph.section))
    check(image, path)
    tiling = tile((image.shape[0], image.shape[1]), pixel_size, _TILE, tilt, handedness=handedness)
    high = min(FINEST_OF_ANY, EDGE / pixel_size)
    return measure(image, tiling, pixel_size, (COARSEST, high), "cpu").polar


def _significance(spectra: PolarSpectra, found: Aberrations, optics: Optics, high: float) -> float:
    return significance(whiten(spectra.within(COARSEST, high)), found, optics)
