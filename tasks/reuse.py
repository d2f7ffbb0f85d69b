"""Do nothing twice: a result is kept with all it depends on, which tells whether and why it is out of date."""

import json
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import Field, JsonValue, NonNegativeFloat, ValidationError

from tasks.essence import differences, digest_of, essence, paths, size
from tasks.formats.files import replacing
from tasks.models import Model

Found = TypeVar("Found", bound=Model)


@dataclass(frozen=True)
class Place(Generic[Found]):
    """Where the result of a step is recorded, and what it depends on."""

    record: Path
    kind: type[Found]
    given: Mapping[str, Any]
    """Inputs and parameters by name."""

    @cached_property
    def inputs(self) -> dict[str, JsonValue]:
        """What matters of the inputs, with size and time of every file they name, at the first look."""
        return {name: essence(value) for name, value in self.given.items()}

    @property
    def digest(self) -> str:
        """Digest of the inputs."""
        return digest_of(self.inputs)


class Record(Model, Generic[Found]):
    """A result beside what it was made of, and the story of its making."""

    digest: str
    """Digest of the inputs and of the parameters that matter."""
    inputs: dict[str, JsonValue] = Field(default={})
    """The inputs themselves, to tell what has changed."""
    outputs: dict[str, int]
    """Size in bytes of each file of the result."""
    result: Found
    why: str = ""
    """Why it was computed."""
    seconds: NonNegativeFloat = 0.0
    """Wall time of the computation in seconds."""
    host: str = ""
    run: str = ""
    """The run that computed it."""


def recall(place: Place[Found]) -> Found | None:
    """Return the recorded result if it was made of the same inputs and its files are whole, else None."""
    record = read_record(place)
    return record.result if record and not outdated(record, place) else None


def once(place: Place[Found], work: Callable[[], Found], run: str = "") -> Found:
    """Return the recorded result of the same inputs, or do the work and record it."""
    record = read_record(place)
    why = outdated(record, place) if record else "not computed before"
    if record and not why:
        return record.result
    begun = time.monotonic()
    result = work()
    story = {"why": why, "seconds": time.monotonic() - begun, "host": platform.node(), "run": run}
    _remember(place, result, story)
    return result


def read_record(place: Place[Found]) -> Record[Found] | None:
    """Return what is recorded, whatever it was made of; None if there is nothing that can be read."""
    try:
        return _record_of(place.kind).model_validate_json(place.record.read_text())
    except (FileNotFoundError, ValidationError):
        return None


@cache
def _record_of(kind: type[Found]) -> type[Record[Found]]:
    """Return the model of a record, which pydantic would make anew each time."""
    return Record[kind]  # type: ignore[valid-type]


def outdated(record: Record[Found], place: Place[Found]) -> str:
    """Say why a record is of no use for these inputs; nothing if it is of use."""
    if record.digest != place.digest:
        return "changed: " + "; ".join(differences(record.inputs, place.inputs))
    lost = [path for path, expected in record.outputs.items() if size(Path(path)) != expected]
    return f"lost or changed since: {', '.join(lost)}" if lost else ""


def is_whole(result: Model) -> bool:
    """Tell whether all files that a result names are there."""
    return all(path.exists() for path in paths(result))


def digest(given: Mapping[str, Any]) -> str:
    """Digest named inputs: their values without incidental fields, and size and time of every file they name."""
    return digest_of({name: essence(value) for name, value in given.items()})


def _remember(place: Place[Found], result: Found, story: Mapping[str, Any]) -> None:
    outputs = {str(path): found for path in paths(result) if (found := size(path)) is not None}
    # As JSON and not as a model of its own: checking the result again would cost more than writing it.
    kept = {"digest": place.digest, **story, "outputs": outputs, "result": result.model_dump(mode="json")}
    with replacing(place.record) as beside:
        beside.write_text(json.dumps({**kept, "inputs": place.inputs}))
