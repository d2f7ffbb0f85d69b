"""Do nothing twice: a result is kept with a digest of all it depends on."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from tasks.formats.files import replacing
from tasks.models import Incidental, Model

Result = TypeVar("Result", bound=Model)


class Record(Model, Generic[Result]):
    """A result beside what it was made of."""

    digest: str
    """Digest of the inputs and of the parameters that matter."""
    outputs: dict[str, int]
    """Size in bytes of each file of the result."""
    result: Result


def recall(record: Path, kind: type[Result], inputs: Mapping[str, Any]) -> Result | None:
    """Return the recorded result if it was made of the same inputs and its files are whole, else None."""
    try:
        found = Record[kind].model_validate_json(record.read_text())  # type: ignore[valid-type]
    except (FileNotFoundError, ValidationError):
        return None
    whole = all(_size(Path(path)) == size for path, size in found.outputs.items())
    return found.result if whole and found.digest == digest(inputs) else None


def remember(record: Path, result: Result, inputs: Mapping[str, Any]) -> Result:
    """Record a result beside its inputs and return it."""
    outputs = {str(path): size for path in _paths(result) if (size := _size(path)) is not None}
    kept = Record[Result](digest=digest(inputs), outputs=outputs, result=result)
    with replacing(record) as beside:
        beside.write_text(kept.model_dump_json(indent=1))
    return result


def once(record: Path, kind: type[Result], work: Callable[[], Result], inputs: Mapping[str, Any]) -> Result:
    """Return the recorded result of the same inputs, or do the work and record it."""
    return recall(record, kind, inputs) or remember(record, work(), inputs)


def digest(inputs: Mapping[str, Any]) -> str:
    """Digest named inputs: their values without incidental fields, and size and time of every file they name."""
    text = json.dumps({name: _essence(value) for name, value in inputs.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _essence(value: Any) -> Any:  # noqa: ANN401 - any tree of models
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        matters = [name for name in fields if not any(map(_is_incidental, fields[name].metadata))]
        return {name: _essence(getattr(value, name)) for name in matters}
    if isinstance(value, Mapping):
        return {str(key): _essence(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_essence(item) for item in value]
    if isinstance(value, Path):
        return [str(value), *_stamp(value)]
    return value


def _is_incidental(mark: object) -> bool:
    return isinstance(mark, Incidental)


def _paths(value: Any) -> Iterator[Path]:  # noqa: ANN401 - any tree of models
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _paths(getattr(value, name))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _paths(item)


def _stamp(path: Path) -> list[int]:
    if not path.is_file():
        return []
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
