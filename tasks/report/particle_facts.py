"""What a report says of particles, their classes and densities.

Units: angstrom, degree, second.
"""

from tasks.ledger import State
from tasks.models import Model
from tasks.models.maps import Classes3D, FoundSymmetry, InitialModel, Refinement
from tasks.models.resolution import BFactorFit, Mirrored, PostProcessed, ResolutionPoint
from tasks.report.shown import Shown


class ParticleTotals(Model):
    """How many particles there are."""

    micrographs: int
    """Micrographs in which particles were looked for."""
    empty: int
    """Those of them in which none was found."""
    picked: int
    diameter: float | None
    diameter_is: str
    """Where the diameter comes from, in words."""
    extracted: int
    left_out: int
    """Particles whose image would reach beyond the micrograph."""


class SquareFacts(Model):
    """What was found in one grid square, as medians of its movies."""

    name: str
    folder: str
    movies: int
    motion: float | None
    defocus: float | None
    resolution: float | None
    """Resolution to which Thon rings were fitted."""
    ice_thickness: float | None
    """In mean free paths."""
    ice_ring: float | None
    contamination: float | None
    particles: float | None
    """Particles in a micrograph."""


class ClassFacts(Model):
    """What was found of one 2D class."""

    number: int
    particles: int
    resolution: float | None
    kept: bool | None
    """None if that is not decided yet."""
    score: float | None = None
    """From 0 (junk) to 1."""
    why: str = ""


class BatchFacts(Model):
    """What was found of a batch of particles that is classified in 2D."""

    key: str
    state: State
    complete: bool
    """Whether nothing is added any more."""
    micrographs: int
    particles: int
    """Particles that the batch has now."""
    left_out: tuple[str, ...] = ()
    """Micrographs that do not fit to the others, with the reasons."""
    classified: int | None = None
    """Particles that the classes are of; None if there are no classes yet."""
    kept: int | None = None
    """Particles in good classes; None if that is not decided yet."""
    threshold: float | None = None
    """Least score of a class that is kept."""
    why: str = ""
    """How many classes are kept, or why none is."""
    classes: tuple[ClassFacts, ...] = ()
    """The largest first."""
    box_size: int | None = None
    pixel_size: float | None = None
    picture: Shown = Shown()
    """All averages, in the order of the classes."""
    seconds: dict[str, float]
    """What each step took."""

    @property
    def finest(self) -> float | None:
        """The best resolution of a class that is kept."""
        return min((one.resolution for one in self.classes if one.resolution and one.kept is not False), default=None)


class DensityFacts(Model):
    """What was found of the particles of good classes in three dimensions."""

    key: str
    """The number of particles it was begun with, or all."""
    state: State
    refining: State | None
    """How the refinement stands; None if there is none."""
    fitting: State | None
    """How the B factor stands."""
    batches: tuple[str, ...]
    particles: int
    first: InitialModel | None
    """None if it began with the first density of the session."""
    symmetry: FoundSymmetry | None
    classes: Classes3D | None
    refinement: Refinement | None
    sharpened: PostProcessed | None
    mirrored: Mirrored | None
    """The same of the other hand, if that was wanted."""
    points: tuple[ResolutionPoint, ...]
    """Parts of the particles that were refined so far, and all of them."""
    fit: BFactorFit | None
    pictures: dict[str, Shown]
    """Of the densities: first, class 1, class 2 ..., sharpened."""
    seconds: dict[str, float]
    """What each step took."""

    @property
    def name(self) -> str:
        """What people call it."""
        return "all good particles" if self.key == "all" else f"the first {self.particles:,} good particles"

    @property
    def final(self) -> PostProcessed | None:
        """The sharpened density of the hand that is wanted."""
        return self.mirrored.sharpened if self.mirrored else self.sharpened

    @property
    def resolution(self) -> float | None:
        """The resolution to quote."""
        return self.sharpened.map.resolution if self.sharpened else None


class ProgramFacts(Model):
    """What one version of a program did in a session."""

    kind: str
    step: str
    program: str
    count: int
    """Results."""
    seconds: float
    """What all of them took."""
    longest: float
    """What the slowest took."""
