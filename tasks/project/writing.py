"""Write into a project: only what has changed, whole, and never while a reader could see half of it."""

from pathlib import Path

from tasks.formats.files import replacing


def write_text(path: Path, text: str) -> bool:
    """Write a file unless it says the same already; tell whether it was written."""
    content = text.encode()
    try:
        if path.read_bytes() == content:
            return False
    except FileNotFoundError:
        pass
    with replacing(path) as beside:
        beside.write_bytes(content)
    return True
