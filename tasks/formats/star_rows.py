"""The rows of a loop in a STAR file as they stand, for files that are too long to be understood cell by cell."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import FormatError
from tasks.formats.text import read_lines

_KIND = "a STAR file"


@dataclass(frozen=True)
class Loop:
    """A loop: its columns, and its rows as text."""

    columns: tuple[str, ...]
    """Names without the underscore."""
    rows: tuple[str, ...]

    def column(self, name: str) -> Iterator[str]:
        """Yield the values of one column."""
        place = self.columns.index(name)
        return (row.split()[place] for row in self.rows)


def read_loops(path: Path) -> dict[str, Loop]:
    """Read all loops of a file by their names (without ``data_``)."""
    loops: dict[str, Loop] = {}
    blocks = "\n".join(line for line in read_lines(path, _KIND) if not line.startswith("#")).split("\ndata_")
    for block in blocks[1:] if not blocks[0].startswith("data_") else [blocks[0][5:], *blocks[1:]]:
        name, _, body = block.partition("\n")
        lines = [line for line in body.split("\n") if line.strip()]
        if lines and lines[0].strip() == "loop_":
            names = [line.split()[0][1:] for line in lines[1:] if line.startswith("_")]
            loops[name.strip()] = Loop(tuple(names), tuple(lines[1 + len(names) :]))
    if not loops:
        raise FormatError(path, "no loop", _KIND)
    return loops


def loop_lines(name: str, columns: tuple[str, ...], rows: Iterator[str]) -> Iterator[str]:
    """Yield the lines of a loop, without their ends."""
    yield from ("", f"data_{name}", "", "loop_")
    yield from (f"_{column} #{number}" for number, column in enumerate(columns, start=1))
    yield from rows
    yield ""
