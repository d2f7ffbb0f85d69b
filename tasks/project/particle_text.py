"""Rows of particles as text, under the names that files have in a project: there are millions."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from tasks.errors import FormatError
from tasks.formats.star_rows import Loop, read_loops

_FILE = re.compile(r"[^\s@]*/\S+")
_RUN = re.compile(r"[^\s@]*/(run(?:_\S+)?)(?=\s)")


def particles_of(star: Path) -> Loop:
    """Read the particles of a file."""
    loops = read_loops(star)
    if "particles" not in loops:
        raise FormatError(star, f"blocks {', '.join(loops)}", "a block data_particles")
    return loops["particles"]


def renamed(text: str, name: Callable[[str], str]) -> str:
    """Put other names in the place of those of files, which may stand behind the number of an image."""
    return _FILE.sub(lambda file: name(file[0]), text)


def moved(text: str, folder: str) -> str:
    """Put another folder before the names of the files of a run of RELION's refinement."""
    return _RUN.sub(rf"{folder}/\1", text)


def arranged(loop: Loop, columns: Iterable[str], star: Path) -> str:
    """Return the rows as lines, with their columns in another order."""
    wanted = tuple(columns)
    if loop.columns == wanted:
        return "".join(f"{row}\n" for row in loop.rows)
    missing = [name for name in wanted if name not in loop.columns]
    if missing:
        raise FormatError(star, f"no column {', '.join(missing)}", "the columns of the other particles of the session")
    order = [loop.columns.index(name) for name in wanted]
    words = (row.split() for row in loop.rows)
    return "".join(" ".join(row[number] for number in order) + "\n" for row in words)
