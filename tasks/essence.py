"""What matters of the inputs of a step: a tree of plain values that can be compared and digested."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, JsonValue

from tasks.models import Incidental

_SHOWN = 3
_LONGEST = 60


def essence(value: Any) -> JsonValue:  # noqa: ANN401 - any tree of models
    """Return values without incidental fields; files with their size and time."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        matters = [name for name in fields if not any(map(_is_incidental, fields[name].metadata))]
        return {name: essence(getattr(value, name)) for name in matters}
    if isinstance(value, Mapping):
        return {str(key): essence(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [essence(item) for item in value]
    if isinstance(value, Path):
        return [str(value), *_stamp(value)]
    plain: JsonValue = value
    return plain


def digest_of(inputs: Mapping[str, JsonValue]) -> str:
    """Digest a tree of plain values."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def differences(before: JsonValue, now: JsonValue) -> list[str]:
    """Say where two trees differ, in words for people: the first few places, and how many more there are."""
    found = list(_differences("", before, now))
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return [_said(*difference) for difference in found[:_SHOWN]] + more


def paths(value: Any) -> Iterator[Path]:  # noqa: ANN401 - any tree of models
    """Return every path that a result names."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from paths(getattr(value, name))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from paths(item)


def size(path: Path) -> int | None:
    """Return the size of a file in bytes; None if it is not there."""
    return path.stat().st_size if path.is_file() else None


def _differences(where: str, before: JsonValue, now: JsonValue) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    if isinstance(before, dict) and isinstance(now, dict):
        for name in [*now, *(name for name in before if name not in now)]:
            below = f"{where}.{name}" if where else name
            yield from _differences(below, before.get(name), now.get(name))
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now) and not _is_file(now):
        for index, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from _differences(f"{where}[{index}]", old, new)
    elif before != now:
        yield where, before, now


def _is_file(value: list[JsonValue]) -> bool:
    return len(value) in {1, 3} and isinstance(value[0], str)


def _said(where: str, before: JsonValue, now: JsonValue) -> str:
    if (
        isinstance(before, list)
        and isinstance(now, list)
        and _is_file(before)
        and _is_file(now)
        and before[0] == now[0]
    ):
        return f"{where} ({Path(str(now[0])).name}) is another file than before"
    return f"{where} from {_short(before)} to {_short(now)}"


def _short(value: JsonValue) -> str:
    text = json.dumps(value[0] if isinstance(value, list) and _is_file(value) else value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _is_incidental(mark: object) -> bool:
    return isinstance(mark, Incidental)


def _stamp(path: Path) -> list[JsonValue]:
    if not path.is_file():
        return []
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]
