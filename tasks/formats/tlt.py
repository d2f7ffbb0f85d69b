"""Lists of tilt angles as IMOD reads and writes them (.tlt, .rawtlt): one angle in degree per line."""

from collections.abc import Iterable
from pathlib import Path

from tasks.errors import FormatError
from tasks.formats.text import rows, write_lines


def read_tlt(path: Path) -> tuple[float, ...]:
    """Read the tilt angles of a file; further columns (the dose, in the files of some programs) are left out."""
    angles = tuple(row[0] for row in rows(path, "a list of tilt angles, one per line"))
    for number, angle in enumerate(angles, start=1):
        if abs(angle) > 180:
            raise FormatError(path, f"angle {number} is {angle}", "tilt angles within -180 to 180 degrees")
    return angles


def read_order(path: Path) -> tuple[int, ...] | None:
    """Return the sections (from 0) in the order of acquisition, if a second column numbers them, as for AreTomo."""
    columns = [row[1] if len(row) > 1 else -1.0 for row in rows(path, "a list of tilt angles, one per line")]
    first = min(columns, default=0.0)
    if first not in {0, 1} or sorted(columns) != [first + place for place in range(len(columns))]:
        return None
    return tuple(sorted(range(len(columns)), key=columns.__getitem__))


def write_tlt(path: Path, angles: Iterable[float]) -> None:
    """Write tilt angles."""
    write_lines(path, (f"{angle:8.2f}" for angle in angles))
