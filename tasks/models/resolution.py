"""How finely a density is known, and how that grows with the number of particles."""

import math
from pathlib import Path

from pydantic import PositiveFloat, PositiveInt

from tasks.models.base import Model
from tasks.models.maps import Map, Refinement


class FscShell(Model):
    """How well two half maps agree in one shell of Fourier space."""

    resolution: PositiveFloat
    """In angstrom."""
    corrected: float
    """Within the mask, with the effect of the mask taken out."""
    unmasked: float
    masked: float
    randomised: float
    """Within the mask, of maps with random phases: what the mask alone makes."""


class PostProcessed(Model):
    """A refined density, sharpened and filtered for people to look at, and its resolution."""

    map: Map
    """The sharpened density; its resolution is the one to quote: FSC 0.143 within the mask, corrected for it."""
    masked: Path
    """The same within the mask."""
    mask: Path
    """Where the particle is, from 0 to 1."""
    mask_threshold: float | None = None
    """Density at which the mask was drawn; None for a mask that was given."""
    unmasked_resolution: PositiveFloat | None = None
    """FSC 0.143 without a mask, in angstrom."""
    b_factor: float | None = None
    """B factor of the sharpening in square angstrom, negative; None if the resolution does not allow to find one."""
    fsc: tuple[FscShell, ...]
    """From low to high resolution."""
    star: Path
    """RELION's STAR file of curves."""
    program: str
    """Name and version of the program."""


class Mirrored(Model):
    """A density of the other hand. RELION's own model and optimiser files, which are named too, keep the first one."""

    refinement: Refinement
    sharpened: PostProcessed


class ResolutionPoint(Model):
    """What a number of particles was refined to."""

    particles: PositiveInt
    resolution: PositiveFloat
    """In angstrom."""


class BFactorFit(Model):
    """How resolution grows with the number of particles: 1 / d squared = intercept + 2 / B * ln(particles)."""

    points: tuple[ResolutionPoint, ...]
    """All refinements, by number of particles."""
    left_out: tuple[ResolutionPoint, ...] = ()
    """Those that the pixels limit and not the particles."""
    slope: float
    """Growth of 1 / d squared with the logarithm of the number of particles."""
    intercept: float
    b_factor: PositiveFloat
    """B = 2 / slope, in square angstrom."""
    confidence: tuple[float, float] | None
    """Where B lies with 95 % probability; None where the points do not bound it."""
    program: str
    """What fitted it."""

    def resolution(self, particles: float) -> float | None:
        """Return the resolution in angstrom to expect of a number of particles."""
        squared = self.intercept + self.slope * math.log(particles)
        return squared**-0.5 if squared > 0 else None
