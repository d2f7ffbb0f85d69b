"""A STAR file that grows: what is new is appended to a copy, so that readers see the old file or the new one."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from tasks.formats.files import replacing
from tasks.models import Model
from tasks.project.writing import write_text

Parts = Mapping[Path, Callable[[], str]]
"""Files that were gathered, and what gives the rows of each."""


class Contents(Model):
    """What a growing file holds."""

    head: str
    """All before the first row."""
    parts: dict[str, tuple[int, int]]
    """Size and time of change of each file that was gathered, in order."""
    size: int
    """Bytes of the growing file, by which one is known that was changed or not finished."""


def grow(star: Path, head: str, parts: Parts) -> None:
    """Bring a file up to date with its parts; the order of those that are there already stays."""
    record = star.with_name(f".{star.stem}_contents.json")
    stamps = {str(path): _stamp(path) for path in parts}
    known = _read(record, star)
    if known and known.head == head and all(stamps.get(path) == stamp for path, stamp in known.parts.items()):
        new = [path for path in parts if str(path) not in known.parts]
        if not new and star.exists():
            return
        done = known.parts
    else:
        new, done, known = list(parts), {}, None
    with replacing(star) as beside:
        if known:
            shutil.copyfile(star, beside)
        with beside.open("a") as file:
            file.write("" if known else head)
            file.writelines(parts[path]() for path in new)
        size = beside.stat().st_size
    after = Contents(head=head, parts=done | {str(path): stamps[str(path)] for path in new}, size=size)
    write_text(record, after.model_dump_json())


def _read(record: Path, star: Path) -> Contents | None:
    if not (record.exists() and star.exists()):
        return None
    contents = Contents.model_validate_json(record.read_bytes())
    return contents if contents.size == star.stat().st_size else None


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
