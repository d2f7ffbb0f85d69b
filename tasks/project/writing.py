"""Write into a project: only what has changed, whole, and never while a reader could see half of it."""

from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from tasks.formats.files import replacing

STATE = ".cryoem_flows"
"""Folder of a project for what we note, and the mark that the project is ours."""


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


def write_made(project: Path, name: str, sources: Sequence[Path], lines: Callable[[], Iterable[str]]) -> None:
    """Write a file that is made of others, unless it was made of these as they are."""
    target, note = project / name, project / STATE / "made" / f"{name.replace('/', '_')}.txt"
    stamps = version("cryoem-flows") + "".join(
        f"\n{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in sources
    )
    if target.exists() and note.exists() and note.read_text() == f"{target.stat().st_mtime_ns}\n{stamps}":
        return
    with replacing(target) as beside, beside.open("w") as file:
        file.writelines(lines())
    write_text(note, f"{target.stat().st_mtime_ns}\n{stamps}")
