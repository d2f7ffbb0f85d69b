"""The aberrations that a fit varies, and the Thon rings they make."""

import math
from dataclasses import dataclass

import numpy as np

from tasks.ctf_estimation.polar import Numbers, PolarSpectra
from tasks.models import Optics
from tasks.numerics.optics import phase_aberration


@dataclass(frozen=True)
class Aberrations:
    """Defocus, astigmatism and phase shift, without the corner cases of an angle."""

    defocus: float
    """Mean, in angstrom, at the centre of the image."""
    cosine: float = 0.0
    """Half the astigmatism times the cosine of twice its angle, in angstrom."""
    sine: float = 0.0
    """Half the astigmatism times the sine of twice its angle, in angstrom."""
    phase_shift: float = 0.0
    """Degree."""

    @property
    def half_astigmatism(self) -> float:
        """Half the difference of the two defoci in angstrom."""
        return math.hypot(self.cosine, self.sine)

    @property
    def angle(self) -> float:
        """Direction of the larger defocus in degree, counter-clockwise from x."""
        return math.degrees(math.atan2(self.sine, self.cosine)) / 2

    def defocus_at(self, azimuth: Numbers) -> Numbers:
        """Return the defocus in directions given in radian."""
        return self.defocus + self.cosine * np.cos(2 * azimuth) + self.sine * np.sin(2 * azimuth)

    def chi(self, spectra: PolarSpectra, optics: Optics) -> Numbers:
        """Return the phase aberration in radian in each cell of spectra."""
        defocus = self.defocus_at(spectra.azimuth)[None, :, None] + spectra.offset[:, None, None]
        phase: Numbers = phase_aberration(spectra.frequency_squared[None], defocus, optics, self.phase_shift)
        return phase


def from_defoci(larger: float, smaller: float, angle: float, phase_shift: float) -> Aberrations:
    """Return what two defoci (angstrom), the direction of the larger one and a phase shift (degree) say."""
    half, turn = (larger - smaller) / 2, math.radians(2 * angle)
    return Aberrations((larger + smaller) / 2, half * math.cos(turn), half * math.sin(turn), phase_shift)
