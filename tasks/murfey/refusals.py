"""Why a message is refused: which key of it, what was found there, and what was expected."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from tasks.errors import InputError
from tasks.models import Model

_SHOWN = 200


def refusal(
    name: str, wanted: type[Model], error: ValidationError, called: Mapping[str, str] | None = None
) -> InputError:
    """Say what is wrong with a message, by the first thing that is; keys may be called otherwise in the message."""
    first = error.errors(include_url=False)[0]
    key, *inner = map(str, first["loc"])
    place = ".".join(((called or {}).get(key, key), *inner))
    if first["type"] == "missing":
        return InputError(f"{name}: {place}", "missing", _description(wanted, key))
    # Pydantic says "Value error, " before what a validator says.
    expected = str(first.get("ctx", {}).get("error", first["msg"]))
    return InputError(f"{name}: {place}", shown(first["input"]), expected)


def shown(value: Any) -> str:  # noqa: ANN401 - any value
    """Return a value as people are shown it, or its beginning."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def _description(wanted: type[Model], key: str) -> str:
    """Return what the model says of a key of its message."""
    fields = {str(field.validation_alias or name): field for name, field in reversed(wanted.model_fields.items())}
    known = fields.get(key)
    return (known.description if known else None) or "a value"
