"""What stands in the body of a message: JSON, or what Python makes of it."""

import json
from collections.abc import Mapping
from typing import Any

from tasks.errors import InputError
from tasks.murfey.refusals import shown

Body = bytes | str | Mapping[str, Any]

_SUBJECT = "message"


def text_of(body: Body) -> str:
    """Return the text of a body, as it was received: the order of its keys means something."""
    if isinstance(body, str):
        return body
    try:
        return body.decode() if isinstance(body, bytes) else json.dumps(body)
    except (UnicodeDecodeError, TypeError, ValueError) as error:
        raise InputError(_SUBJECT, f"{shown(body)}: {error}", "JSON in UTF-8") from error


def read_object(text: str) -> dict[str, Any]:
    """Read the JSON object in a text."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(_SUBJECT, f"{shown(text)}: {error}", "JSON") from error
    if not isinstance(content, dict):
        raise InputError(_SUBJECT, shown(content), "a JSON object")
    return content


def parameters_of(name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters in a message."""
    parameters = content.get("parameters")
    if not isinstance(parameters, dict):
        found = shown(parameters) if "parameters" in content else "missing"
        raise InputError(f"{name}: parameters", found, "an object of parameters")
    return parameters
