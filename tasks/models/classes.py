"""What 2D classification of particles finds: classes of images that look alike, and which of them are kept."""

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
    """The particles that are kept; none, if all classes are junk."""
    averages: Path | None
    """MRC stack of the averages that are kept, best first; None if none is."""
    scores: tuple[ClassScore, ...]
    """Of every class, in order of their numbers."""
    threshold: float
    """Least score of a class that is kept."""
    program: str
    """Name and version of what judged."""

    @property
    def why(self) -> str:
        """How many classes were kept, or why none was, in words for the user."""
        kept = sum(score.selected for score in self.scores)
        if kept:
            return f"{kept} of {len(self.scores)} classes are kept: those that score {self.threshold:.2f} or more"
        best = max(self.scores, key=lambda score: score.score)
        return (
            f"all {len(self.scores)} classes are junk: none scores {self.threshold:.2f}; the best one is class "
            f"{best.number} with {best.score:.2f}, {best.reason}"
        )
