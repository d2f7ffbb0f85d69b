"""The scripted Murfey: a stand-in that keeps Murfey's tables in memory and answers as Murfey 0.27 does.

It emits the requests that the real one was seen to emit, with the same keys and types; it consumes feedback as the
real one does, its quirks included, and keeps what the real one would have dead-lettered. It is stricter in one thing:
numbers that are not JSON (NaN, Infinity) are dead letters too.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from murfey.scripted_spa import Collection
from murfey.scripted_tomography import Group

QUEUE = "murfey_feedback"
ACKNOWLEDGED_ONLY = {"done_particle_selection", "done_class_selection", "spa.motion_corrected", "spa.ctf_estimated"}

Body = dict[str, Any]


class ConsumerDiedError(Exception):
    """Murfey's only consumer thread died, and dies again with every redelivery."""


@dataclass(frozen=True)
class DeadLetter:
    """What Murfey has refused, and why."""

    body: Any
    reason: str


@dataclass(frozen=True)
class Site:
    """What differs between sites; the defaults are those of Murfey."""

    base: Path
    """Folder in which each year has its visits."""
    visit: str = "cm12345-1"
    year: int = 2026
    session: int = 7
    microscope: str = "talos1"
    sizes_for_diameter: int = 10_000
    classes_2d: int = 50
    batch_size: int = 50_000
    fewest_for_b_factor: int = 2000
    symmetry: str = "C1"

    @property
    def folder(self) -> Path:
        return self.base / str(self.year) / self.visit


@dataclass
class ScriptedMurfey:
    """Murfey as its peers see it: what happens at the microscope goes in, as does feedback; requests come out."""

    site: Site
    requests: list[Body] = field(default_factory=list)
    """All that was sent to the queue processing_recipe."""
    to_ispyb: list[Body] = field(default_factory=list)
    """All that was sent to the queue ispyb_connector."""
    dead: list[DeadLetter] = field(default_factory=list)
    heard: list[Body] = field(default_factory=list)
    """All feedback that was understood."""
    ledger: dict[int, int] = field(default_factory=dict)
    """Murfey's own numbers, and the program for which each was given."""
    classes_2d: list[tuple[int, str, int]] = field(default_factory=list)
    """Class, file of particles and number."""
    classes_3d: list[tuple[int, str, int]] = field(default_factory=list)
    """Class, FOLDER of the file of particles and number."""
    collections: list[Collection] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    programs: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Recipe and data collection of each program."""
    seeds: int = 0
    registrar: Callable[..., tuple[int, dict[str, int]]] | None = None
    """Registers data collections and programs in an ISPyB, if there is one."""
    _collections: int = 6_017_405
    _programs: int = 56_986_675

    def spa(self, raw: str = "raw7", **parameters: object) -> Collection:
        """Begin a data collection of single particles."""
        self.collections.append(Collection(self, raw, **parameters))
        return self.collections[-1]

    def tomography(self, raw: str = "raw2", **parameters: object) -> Group:
        """Begin a group of tilt series."""
        self.groups.append(Group(self, raw, **parameters))
        return self.groups[-1]

    def feedback(self, body: bytes | str | Mapping[str, Any], headers: Mapping[str, Any] | None = None) -> list[Body]:
        """Consume a message as it came from the queue; return the requests that follow from it."""
        before = len(self.requests)
        try:
            message = _decoded(body)
            self._handle(message)
        except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            self.dead.append(DeadLetter(body, f"{type(error).__name__}: {error}"))
        else:
            self.heard.append(message)
        return self.requests[before:]

    def deliver(self, body: bytes, headers: Mapping[str, Any] | None) -> list[Body]:
        """Consume a message with the properties it came with: one without a table of headers kills the consumer."""
        if headers is None:
            raise ConsumerDiedError(f"no headers with {body!r}")
        return self.feedback(body, headers)

    def holds(self) -> dict[str, bool]:
        """Return what Murfey holds back, by data collection and stage; what is not released stays so for ever."""
        return {f"{each.raw} {stage}": held for each in self.collections for stage, held in each.holds().items()}

    def send(self, recipe: str, parameters: Mapping[str, Any], *, feedback_queue: bool = True) -> Body:
        """Send a request; it is JSON as it was on the wire."""
        queue = {"feedback_queue": QUEUE} if feedback_queue else {}
        body: Body = json.loads(json.dumps({"parameters": {**parameters, **queue}, "recipes": [recipe]}))
        self.requests.append(body)
        return body

    def ids(self, program: int, number: int = 1) -> list[int]:
        """Give new numbers for what a program makes."""
        new = list(range(len(self.ledger) + 1, len(self.ledger) + 1 + number))
        self.ledger.update(dict.fromkeys(new, program))
        return new

    def data_collection(self, *recipes: str) -> tuple[int, dict[str, int]]:
        """Register a data collection and its jobs, as Murfey does in ISPyB; return it and its program by recipe."""
        collection, numbers = self.registrar(*recipes) if self.registrar else self._registered(*recipes)
        self.programs.update({number: (recipe, collection) for recipe, number in numbers.items()})
        return collection, numbers

    def _registered(self, *recipes: str) -> tuple[int, dict[str, int]]:
        self._collections += 1
        numbers = {recipe: self._programs + count for count, recipe in enumerate(recipes, start=1)}
        self._programs += len(recipes)
        return self._collections, numbers

    def seed(self) -> int:
        """Return the next seed, which is another each time."""
        self.seeds = self.seeds % 99 + 1
        return self.seeds

    def _handle(self, message: Body) -> None:
        register = message["register"]
        if register in ACKNOWLEDGED_ONLY:
            return
        _, collection = self.programs[int(message["program_id"])]
        if register == "motion_corrected":
            next(group for group in self.groups if collection in group.collections).motion_corrected(message)
            return
        spa = next((each for each in self.collections if each.dcid == collection), None)
        handler = spa and spa.handlers().get(register)
        if not handler:
            raise LookupError(f"No workflow found for {register}")
        handler(message)

    def require_session(self, message: Body) -> int:
        """Return the session of a message, which must be there."""
        if int(message["session_id"]) != self.site.session:
            raise LookupError(f"no session {message['session_id']}")
        return self.site.session


def _decoded(body: bytes | str | Mapping[str, Any]) -> Body:
    text = json.dumps(body) if isinstance(body, Mapping) else body
    message = json.loads(text, parse_constant=_refuse)
    if "environment" in message:
        parameters = message["recipe"][str(message["recipe-pointer"])].get("parameters", {})
        message = message["payload"] | parameters
    return message


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
