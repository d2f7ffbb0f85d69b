"""What a report says of a session: the same facts make the page for people and ``session.json`` for programs.

Units: angstrom, degree, second; times in seconds since 1970 (UTC).
"""

from pathlib import Path

from pydantic import Field, JsonValue

from tasks.ledger import Attempt, FailureKind, KindStatus, Pause, State
from tasks.models import Estimate, Exclusion, Model, Shift
from tasks.report.particle_facts import BatchFacts, DensityFacts, ParticleTotals, ProgramFacts, SquareFacts
from tasks.report.shown import Shown


class MovieFacts(Model):
    """What was found of one movie; None is not (yet) measured."""

    name: str
    path: str
    arrived: float
    motion_early: float | None = None
    """Motion within the first 4 electron per square angstrom."""
    motion: float | None = None
    """Path length of all motion."""
    defocus: float | None = None
    astigmatism: float | None = None
    resolution: float | None = None
    """Resolution to which Thon rings were fitted."""
    figure_of_merit: float | None = None
    ice_ring: float | None = None
    """Power of crystalline ice above its neighbours, as a fraction."""
    ice_thickness: float | None = None
    """Median thickness of the ice in mean free paths: above the thinnest ice of the session, or in all if the intensity
    without specimen was given."""
    contamination: float | None = None
    """Fraction that was left out as contamination, carbon or crystalline ice."""
    particles: int | None = None
    """Particles that were picked."""
    extracted: int | None = None
    """Particles that were cut out."""
    seconds: float = 0.0
    """What the steps took."""
    image: str | None = None
    """The corrected image."""
    diagnostic: str | None = None
    """Picture of the CTF fit."""
    picks: str | None = None
    """Picture of the particles that were picked."""


class TiltFacts(Model):
    """What was found of one tilt."""

    name: str
    number: int
    """Place in the list of the series, from 1."""
    angle: float | None = None
    """None if the tilt is not aligned."""
    motion: float | None = None
    defocus: float | None = None
    resolution: float | None = None
    shift: Shift | None = None
    residual: float | None = None


class Lack(Model):
    """A step that failed, and that its series can do without."""

    step: str
    """In words."""
    kind: str
    """Kind of the failure."""
    reason: str


class SeriesFacts(Model):
    """What was found of one tilt series."""

    name: str
    key: str
    state: State
    tilts: tuple[TiltFacts, ...] = ()
    used: int | None = None
    """Tilts that are aligned; None if the series is not."""
    excluded: tuple[Exclusion, ...] = ()
    missing: tuple[str, ...] = ()
    """Movies that did not come, or came broken."""
    tilt_axis_angle: float | None = None
    tilt_offset: float | None = None
    residual: float | None = None
    score: float | None = None
    thickness: float | None = None
    resolution: float | None = None
    """Resolution at which the halves of the tomogram agree."""
    voxel_size: float | None = None
    shape: tuple[int, int, int] | None = None
    """Voxels in z, y and x."""
    tomogram: Path | None = None
    denoised: Path | None = None
    features: dict[str, Path] = Field(default={})
    """Labels of what was found in the tomogram, by the names of the features."""
    particles: int | None = None
    """Particles that were picked in the tomogram."""
    lacking: tuple[Lack, ...] = ()
    """Steps that failed although the series is done."""
    seconds: dict[str, float] = Field(default={})
    """What each step took, those of the tilts summed."""
    programs: tuple[str, ...] = ()
    picture: Shown = Shown()

    @property
    def is_begun(self) -> bool:
        """Tell whether there is anything to show."""
        return self.used is not None or any(tilt.motion or tilt.resolution for tilt in self.tilts)


class LatestImage(Model):
    """A picture of an image that was corrected lately."""

    name: str
    picture: Shown
    diagnostic: Path | None
    """Picture of its CTF, if it is there."""
    picks: Path | None = None
    """Picture of the particles that were picked, if it is there."""
    particles: int | None = None
    """Particles that were picked."""


class RunningItem(Model):
    """An item that somebody works on."""

    kind: str
    name: str
    owner: str
    since: float
    attempt: int
    overdue: float
    """Seconds since its lease ran out; negative while it holds."""


class FailedItem(Model):
    """An item that has failed and waits for another try."""

    kind: str
    name: str
    reason_kind: FailureKind
    reason: str
    wait: float
    """Seconds until it may be tried again."""


class GivenUp(Model):
    """An item in quarantine."""

    kind: str
    key: str
    name: str
    reason_kind: FailureKind
    reason: str
    log: Path | None
    log_end: str = ""
    """The last lines of the log, or why it cannot be read."""
    attempts: tuple[Attempt, ...] = ()
    """None are told of the items beyond the first few dozen."""
    picture: Shown = Shown()


class Attention(Model):
    """Something that somebody should look at."""

    words: str
    part: str
    """The part of the page that says more."""


class OpinionFacts(Model):
    """Where a second tool was asked; agreements are of the data with either result, more is better."""

    name: str
    key: str
    step: str
    why: str
    measure: str
    first: str
    first_agreement: float | None
    second: str
    second_agreement: float | None
    failure: str = ""
    won: str


class DeviationFacts(Model):
    """An item that is not as its session."""

    name: str
    key: str
    what: str
    value: float | str | None
    expected: float | str | None
    unit: str = ""


class SessionFacts(Model):
    """What is known of a session."""

    written: float
    name: str
    kind: str
    folder: Path
    parameters: dict[str, JsonValue]
    """Parameters that were chosen, by their dotted names; those that are the defaults of tools are left out."""
    kinds: tuple[KindStatus, ...]
    remaining: float | None
    """Seconds until all is done."""
    first_arrival: float | None
    last_arrival: float | None
    pauses: tuple[Pause, ...]
    attention: tuple[Attention, ...]
    """What somebody should look at, most urgent first."""
    running: tuple[RunningItem, ...]
    failed: tuple[FailedItem, ...]
    given_up: tuple[GivenUp, ...]
    series: tuple[SeriesFacts, ...]
    movies: tuple[MovieFacts, ...]
    """Movies, or tilt movies, of which anything was found, in order of arrival."""
    latest: tuple[LatestImage, ...]
    """The last images of a session of single particles."""
    particles: ParticleTotals | None = None
    """None of tomography."""
    squares: tuple[SquareFacts, ...] = ()
    """In order of arrival; none if all movies are in one folder."""
    batches: tuple[BatchFacts, ...] = ()
    """Particles that were classified in 2D together, in order."""
    densities: tuple[DensityFacts, ...] = ()
    """In the order in which they were begun."""
    programs: tuple[ProgramFacts, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    """What the first items agree on."""
    deviations: tuple[DeviationFacts, ...] = ()
    """Items that are not as the first ones."""
    opinions: tuple[OpinionFacts, ...] = ()
    """Where a second tool was asked."""

    @property
    def open(self) -> int:
        """Items that are still to be done."""
        return sum(kind.open for kind in self.kinds)
