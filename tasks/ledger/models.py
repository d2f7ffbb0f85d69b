"""What is told to the ledger, and what it tells."""

from pathlib import Path
from typing import Literal

from pydantic import Field, JsonValue, NonNegativeFloat, PositiveFloat

from tasks.models import Model

State = Literal["waiting", "running", "done", "quarantined"]

FailureKind = Literal[
    "missing-input", "out-of-memory", "lost-worker", "no-gpu", "bad-data", "tool-error", "no-licence", "disk-full"
]


class Session(Model):
    """A stay at a microscope: what its items have in common."""

    name: str
    kind: Literal["tomography", "spa"]
    folder: Path
    """Folder of the project."""
    parameters: dict[str, JsonValue] = Field(default={})
    """How its items are processed, as the flow's parameter model in JSON."""
    identifiers: dict[str, JsonValue] = Field(default={})
    """What other systems call it."""


class Arrival(Model):
    """Something to be done has arrived."""

    session: str
    kind: str
    """What it is: movie, tilt_series ..."""
    key: str
    """What tells it from others of its session and kind, made of what it is (a path), never of a message."""
    payload: dict[str, JsonValue] = Field(default={})
    """What is needed to do it. Another payload makes it a thing to be done again, so no times or message ids."""
    priority: int = 0
    """Higher ones are done first."""


class Claimer(Model):
    """Who works, and on what."""

    owner: str
    """Host, process and flow run, for people."""
    kinds: tuple[str, ...]
    """Kinds of items in order of preference."""
    lease: PositiveFloat = 600.0
    """Seconds without a sign of life after which its items are given to others."""
    order: Literal["newest", "oldest"] = "newest"
    """Newest first while a microscope is running, oldest first to catch up."""
    session: str | None = None
    """Work for this session only; otherwise fairly for all."""
    keys: tuple[str, ...] | None = None
    """Only items with these keys; needs a session."""
    pool: str = "default"
    """What is paused together when there is no licence or no space."""


class Lease(Model):
    """The right to work on an item until the lease runs out or the item is taken away."""

    item: int
    attempt: int
    """The fencing token: grows with each change of hands, so that a late owner is told from the present one."""
    session: str
    kind: str
    key: str
    payload: dict[str, JsonValue]
    failures: dict[FailureKind, int]
    """How often the item has failed before, for instance to take a larger machine after out-of-memory."""
    pool: str = "default"

    def __str__(self) -> str:
        return f"{self.kind} {self.key} of session {self.session}, attempt {self.attempt}"


class Failure(Model):
    """Why an attempt failed."""

    kind: FailureKind
    reason: str
    """In words for the user."""
    log: Path | None = None
    """The log to look at."""


class Result(Model):
    """What one step found for an item, and how."""

    step: str
    digest: str
    """Digest of the inputs and of the parameters that matter."""
    result: dict[str, JsonValue]
    """The step's result model in JSON."""
    tool: str
    version: str = ""
    command: str = ""
    """Command line of an external program."""
    seconds: NonNegativeFloat = 0.0
    """Wall time in seconds."""
    peak_memory: NonNegativeFloat | None = None
    """Largest memory in bytes."""
    host: str = ""
    flow_run: str = ""


class Message(Model):
    """Something to be told to another system, exactly as often as that system can tell repetitions apart."""

    target: str
    """Which system: ispyb, murfey ..."""
    key: str
    """The logical event or row: a target gets one message of a key."""
    payload: dict[str, JsonValue] = Field(default={})
    repeat: bool = False
    """Send again if the payload has changed since (a row to be updated); otherwise the first payload counts."""


class Delivery(Model):
    """A message in the hands of a sender."""

    message: int
    version: int
    """Grows when the payload is replaced."""
    tries: int
    """Which try this is, from 1; the fencing token of the sender."""
    target: str
    key: str
    payload: dict[str, JsonValue]
    error: str | None = None
    """Why the last try failed."""


class Verdict(Model):
    """What becomes of an item that has failed."""

    state: Literal["waiting", "quarantined"]
    wait: NonNegativeFloat = 0.0
    """Seconds until it is tried again."""
    pause: NonNegativeFloat = 0.0
    """Seconds for which the pool takes nothing."""
