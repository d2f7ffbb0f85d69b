"""Lines of text files, and the numbers in them."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from tasks.errors import FormatError
from tasks.formats.files import replacing


def read_lines(path: Path, kind: str) -> list[str]:
    """Return the lines of a text file that must exist and hold something; ``kind`` says what it should be."""
    if not path.is_file():
        raise FormatError(path, "no such file", kind)
    with path.open("rb") as file:
        if b"\0" in file.read(4096):
            raise FormatError(path, "not a text file", kind)
    content = path.read_bytes()
    if not content.strip():
        raise FormatError(path, "empty", kind)
    try:
        return content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        # Programs on Windows write the sign of degrees in this encoding.
        return content.decode("cp1252", errors="replace").splitlines()


def rows(path: Path, kind: str, columns: int | None = None) -> Iterator[tuple[float, ...]]:
    """Yield the numbers of each line that is neither empty nor a comment (#)."""
    for number, line in enumerate(read_lines(path, kind), start=1):
        words = line.split("#")[0].replace(",", " ").split()
        if not words:
            continue
        if columns is not None and len(words) != columns:
            raise FormatError(path, f"line {number} has {len(words)} values ({line.strip()!r})", f"{columns} in {kind}")
        yield numbers(path, number, words)


def numbers(path: Path, line: int, words: Iterable[str]) -> tuple[float, ...]:
    """Return words of a line as numbers, which must be finite."""
    try:
        values = tuple(float(word) for word in words)
    except ValueError as reason:
        raise FormatError(path, f"line {line}: {reason}", "numbers") from reason
    if not all(map(math.isfinite, values)):
        raise FormatError(path, f"line {line}: {' '.join(map(str, values))}", "finite numbers")
    return values


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines to a text file, whole or not at all."""
    with replacing(path) as beside:
        beside.write_text("".join(f"{line}\n" for line in lines))
