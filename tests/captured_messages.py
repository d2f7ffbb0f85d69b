"""The messages of Murfey in tests/data/murfey."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "data" / "murfey"


def captured(name: str) -> list[dict[str, Any]]:
    """The bodies in a file."""
    return json.loads((_FOLDER / f"{name}.json").read_text())


def bodies(name: str, **changes: Any) -> list[bytes]:
    """The bodies in a file as they come, with other parameters."""
    return [encoded(body, **changes) for body in captured(name)]


def encoded(body: dict[str, Any], **changes: Any) -> bytes:
    """A body as it comes, with other parameters."""
    return json.dumps({**body, "parameters": {**body["parameters"], **changes}}).encode()
