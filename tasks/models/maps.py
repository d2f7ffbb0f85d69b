"""What is found of particles in three dimensions: densities, and the particles that show them."""

from pathlib import Path

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from tasks.models.base import Model
from tasks.models.classes import ClassStatistics
from tasks.models.particles import ParticleSet


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
    doubt: str | None = None
    """Why the resolution may be that of the reference alone, in words for the user; None if it is finer than the
    reference was used at first."""
    program: str
    """Name and version of the program."""


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
