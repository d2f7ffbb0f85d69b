"""The particles of many micrographs in one file, joined as text: there are millions."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tasks.errors import FormatError

_FILE = re.compile(r"[^\s@]*/\S+")
_RUN = re.compile(r"[^\s@]*/(run(?:_it\d+_\S+)?)(?=\s)")


class Rows(NamedTuple):
    """A table as text."""

    columns: tuple[str, ...]
    lines: str
    """One line per row, the last one ended too; empty without rows."""


def read_rows(star: Path, block: str) -> Rows:
    """Read a table without looking into its rows."""
    text = star.read_text()
    begin = text.find(f"data_{block}\n")
    if begin < 0:
        raise FormatError(star, "no such block", f"a block data_{block}")
    columns: list[str] = []
    position = text.index("\n", begin) + 1
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        line = text[position:end].strip()
        if line.startswith("_"):
            columns.append(line.split()[0][1:])
        elif line and line != "loop_" and not line.startswith("#"):
            break
        position = end + 1
    stop = text.find("\ndata_", position)
    body = text[position : stop if stop >= 0 else len(text)]
    return Rows(tuple(columns), "".join(f"{line}\n" for line in body.splitlines() if _is_row(line)))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Put other names in the place of those of files, which may stand behind the number of an image."""
    return _FILE.sub(lambda file: names.get(file[0], file[0]), text)


def moved(text: str, folder: str) -> str:
    """Put another folder before the names of the files of a run of RELION's refinement."""
    return _RUN.sub(rf"{folder}/\1", text)


def arranged(rows: Rows, columns: Iterable[str], star: Path) -> str:
    """Return the rows with their columns in another order."""
    wanted = tuple(columns)
    if rows.columns == wanted:
        return rows.lines
    missing = [name for name in wanted if name not in rows.columns]
    if missing:
        raise FormatError(star, f"no column {', '.join(missing)}", "the columns of the other particles of the session")
    order = [rows.columns.index(name) for name in wanted]
    words = (line.split() for line in rows.lines.splitlines())
    return "".join(" ".join(line[number] for number in order) + "\n" for line in words)


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")
