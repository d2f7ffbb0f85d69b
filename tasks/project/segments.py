"""A STAR file in segments, one for each item: what has not changed is copied as it stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from tasks.formats.files import replacing
from tasks.formats.star_text import Value, word

_AT_ONCE = 1 << 20
_ZERO = ("rlnPhaseShift",)
"""Columns that a row without a value has as 0: no phase plate shifts no phase."""


@dataclass(frozen=True)
class Segment:
    """The rows of one item in a table."""

    columns: tuple[str, ...]
    text: Callable[[Sequence[str]], str]
    """Gives the rows with the columns of the table; called when they are written, because there are millions."""


@dataclass(frozen=True)
class Span:
    """Bytes of a file."""

    start: int
    size: int


Piece = Callable[[], bytes] | Span
"""New rows, or rows that are in the file already."""


def segment(rows: Sequence[Mapping[str, Value]]) -> Segment:
    """Return rows of one item, with the columns that all of them have."""
    columns = [name for name in rows[0] if all(name in row for row in rows)] if rows else []
    return Segment(tuple(columns), partial(_lines, rows))


def agreed(old: Sequence[str], new: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that all rows can have when some with other columns come to them."""
    kept = [name for name in old if name in new or name in _ZERO]
    return tuple(kept + [name for name in new if name in _ZERO and name not in old])


def splice(path: Path, head: str, pieces: Sequence[Piece]) -> list[int]:
    """Write a file anew of new rows and of its own, and return their sizes; readers see the old file or the new one."""
    sizes, run = [], Span(0, 0)
    with replacing(path) as beside, beside.open("wb") as target, _opened(path) as source:
        target.write(head.encode())
        for piece in pieces:
            if isinstance(piece, Span) and piece.start == run.start + run.size:
                run = Span(run.start, run.size + piece.size)
            else:
                _copy(source, target, run)
                run = piece if isinstance(piece, Span) else Span(0, 0)
            sizes.append(piece.size if isinstance(piece, Span) else target.write(piece()))
        _copy(source, target, run)
    return sizes


def rows_in(path: Path, span: Span, old: Sequence[str], new: Sequence[str]) -> bytes:
    """Return rows of a file with other columns than they have there."""
    with path.open("rb") as file:
        file.seek(span.start)
        rows = [line.split() for line in file.read(span.size).decode().splitlines()]
    return _lines([dict(zip(old, row, strict=True)) for row in rows], new).encode()


def _lines(rows: Sequence[Mapping[str, Value]], columns: Sequence[str]) -> str:
    return "".join(" ".join(word(row.get(name, 0)) for name in columns) + "\n" for row in rows)


def _opened(path: Path) -> BinaryIO:
    return path.open("rb") if path.exists() else BytesIO()


def _copy(source: BinaryIO, target: BinaryIO, span: Span) -> None:
    source.seek(span.start)
    target.writelines(source.read(min(_AT_ONCE, span.size - start)) for start in range(0, span.size, _AT_ONCE))
