"""What classification and refinement of particles find: classes, and maps."""

import math
from pathlib import Path

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from tasks.models.base import Model, Shift
from tasks.models.particles import ParticleSet


class ClassStatistics(Model):
    """What a program says of one class. None where it could not be told, as of an empty class."""

    number: PositiveInt
    """From 1, as in the program's files."""
    particles: NonNegativeInt
    """Particles that were given to this class."""
    fraction: float = Field(ge=0, le=1)
    """Share of the particles by their probabilities."""
    resolution: PositiveFloat | None = None
    """Resolution that the program estimates, in angstrom."""
    rotation_accuracy: PositiveFloat | None = None
    """How well angles are known, in degree."""
    translation_accuracy: PositiveFloat | None = None
    """How well positions are known, in angstrom."""
    completeness: NonNegativeFloat | None = None
    """Share of the Fourier coefficients that is known."""


class ClassAverage(ClassStatistics):
    """One class of images that look alike."""

    offset: Shift = (0.0, 0.0)
    """Mean displacement of its particles that the program assumes, in angstrom."""


class Classes2D(Model):
    """Particles, each given to the average that it looks like."""

    particles: ParticleSet
    """The particles; their STAR file now says rlnClassNumber, rlnAnglePsi and the origins."""
    averages: Path
    """MRC stack of the class averages: class k is section k - 1."""
    model: Path
    """RELION's model STAR file."""
    optimiser: Path
    """RELION's optimiser STAR file."""
    classes: tuple[ClassAverage, ...]
    """In order of their numbers."""
    algorithm: str
    """em or vdam."""
    program: str
    """Name and version of the program."""


class ClassScore(Model):
    """What was thought of one class."""

    number: PositiveInt
    """The class."""
    score: float = Field(ge=0, le=1)
    """From 0 (junk) to 1."""
    selected: bool
    """Whether its particles are kept."""
    reason: str
    """Why, in words for the user."""


class SelectedParticles(Model):
    """The particles of good classes."""

    particles: ParticleSet
    """The particles that are kept."""
    averages: Path
    """MRC stack of the averages that are kept, best first."""
    scores: tuple[ClassScore, ...]
    """Of every class, in order of their numbers."""
    threshold: float
    """Least score of a class that is kept."""
    program: str
    """Name and version of what judged."""


class Map(Model):
    """A density, with dense material bright."""

    path: Path
    """MRC volume."""
    pixel_size: PositiveFloat
    """Voxel size in angstrom."""
    box_size: PositiveInt
    """Side of the volume in voxels."""
    symmetry: str = "C1"
    """Point group, as RELION names it."""
    resolution: PositiveFloat | None = None
    """Resolution in angstrom, by the best means that the step has; None if it could not be told."""
    halves: tuple[Path, Path] | None = None
    """Unfiltered maps of the two halves of the particles, refined apart from each other."""


class Class3D(ClassStatistics):
    """One class of particles that show one density."""

    map: Map
    """The density."""


class Classes3D(Model):
    """Particles, each given to the density that it shows, with the density that has most evidence."""

    particles: ParticleSet
    """The particles; their STAR file now says rlnClassNumber, angles and origins."""
    model: Path
    """RELION's model STAR file."""
    optimiser: Path
    """RELION's optimiser STAR file."""
    classes: tuple[Class3D, ...]
    """In order of their numbers."""
    best: PositiveInt
    """Number of the class to go on with."""
    why: str
    """Why this class, in words for the user."""
    program: str
    """Name and version of the program."""

    @property
    def best_class(self) -> Class3D:
        """The class to go on with."""
        return self.classes[self.best - 1]


class InitialModel(Model):
    """Densities that were found without a reference."""

    map: Map
    """The density to go on with, in the axes of its symmetry."""
    classes: tuple[Class3D, ...]
    """All densities before symmetry was applied, in order of their numbers."""
    best: PositiveInt
    """Number of the class that the density is of."""
    why: str
    """Why this class, in words for the user."""
    program: str
    """Name and version of the program."""


class Refinement(Model):
    """One density refined to the best resolution that the particles give, two halves apart from each other."""

    particles: ParticleSet
    """The particles; their STAR file now says angles, origins and rlnRandomSubset."""
    map: Map
    """The density of all particles with its half maps; the resolution is that of the halves without a mask."""
    model: Path
    """RELION's model STAR file."""
    optimiser: Path
    """RELION's optimiser STAR file of the last iteration."""
    rotation_accuracy: PositiveFloat | None = None
    """How well angles are known, in degree."""
    translation_accuracy: PositiveFloat | None = None
    """How well positions are known, in angstrom."""
    completeness: NonNegativeFloat | None = None
    """Share of the Fourier coefficients that is known."""
    iterations: PositiveInt
    """Iterations until it converged."""
    program: str
    """Name and version of the program."""


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


class SymmetryScore(Model):
    """How well a density has a symmetry."""

    group: str
    """Point group."""
    agreement: float
    """Correlation of copies with each other, relative to that of a perfect symmetry: near 1 for one, below 0.5 for
    none."""


class FoundSymmetry(Model):
    """The point group of a density, and the density turned to its axes with the symmetry applied."""

    map: Map
    """The symmetrised density, or the one that was given where there is no symmetry."""
    scores: tuple[SymmetryScore, ...]
    """Of every point group that was tried."""
    why: str
    """Why this point group, in words for the user."""
    program: str
    """Name and version of the program."""
