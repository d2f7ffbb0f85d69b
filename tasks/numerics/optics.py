"""Electron optics: wavelength, aberration phase, contrast transfer function, and radiation damage."""

import math

from tasks.models import Optics
from tasks.numerics.device import Array, namespace


def wavelength(voltage: float) -> float:
    """Return the relativistic wavelength in angstrom of electrons of a voltage in kilovolt."""
    volts = voltage * 1e3
    return 12.2642596 / math.sqrt(volts * (1 + 0.978475598e-6 * volts))


def phase_aberration(frequency_squared: Array, defocus: Array, optics: Optics, phase_shift: float = 0.0) -> Array:
    """Return chi in radian at squared frequencies (1 / angstrom squared) for a defocus in angstrom.

    Underfocus is positive. ``phase_shift`` in degree. The contrast transfer function is minus the sine of chi
    (Rohou and Grigorieff 2015, doi:10.1016/j.jsb.2015.08.008).
    """
    length = wavelength(optics.voltage)
    aberration = optics.spherical_aberration * 1e7
    contrast = math.atan2(optics.amplitude_contrast, math.sqrt(1 - optics.amplitude_contrast**2))
    focus = math.pi * length * frequency_squared * (defocus - 0.5 * length**2 * frequency_squared * aberration)
    return focus + math.radians(phase_shift) + contrast


def astigmatic_defocus(azimuth: Array, defocus_u: float, defocus_v: float, angle: float) -> Array:
    """Return the defocus in angstrom in directions ``azimuth`` (radian, counter-clockwise from x).

    ``angle`` in degree is the direction of defocus_u.
    """
    xp = namespace(azimuth)
    mean, half = (defocus_u + defocus_v) / 2, (defocus_u - defocus_v) / 2
    return mean + half * xp.cos(2 * (azimuth - math.radians(angle)))


def critical_dose(frequency: Array, voltage: float = 300.0) -> Array:
    """Return the dose, in electron per square angstrom, that damages signal at frequencies (1 / angstrom) to 1 / e.

    The curve of Grant and Grigorieff (2015, doi:10.7554/eLife.06980), measured at 300 kilovolt; at 200 kilovolt damage
    comes at 0.8 of the dose.
    """
    scale = 0.8 if voltage < 250 else 1.0
    return scale * (0.245 * frequency**-1.665 + 2.81)


def interaction(voltage: float) -> float:
    """Return the phase in radian that a potential of one volt gives an electron per angstrom of its way."""
    energy, rest_energy = voltage * 1e3, 510_998.95
    return 2 * math.pi / (wavelength(voltage) * energy) * (rest_energy + energy) / (2 * rest_energy + energy)
