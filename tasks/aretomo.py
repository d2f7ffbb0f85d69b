"""What is asked of AreTomo2 and AreTomo3 alike, and what both say alike."""

import re
from collections.abc import Iterable
from pathlib import Path

from tasks.causes import cause
from tasks.command import run
from tasks.errors import CommandError, CryoemError, ResultError
from tasks.formats.text import write_lines


def version(name: str, executable: str) -> str:
    """Ask a program for its version and return it with its name."""
    return read_version(name, run([executable, "--version"], cwd=Path.cwd()))


def read_version(name: str, answer: str) -> str:
    """Return the name and the version in the answer to --version."""
    found = re.search(r"version\s+([\w.]+)", answer)
    if not found:
        raise ResultError(f"{name} does not say its version but {answer.strip()[:80]!r}")
    return f"{name} {found[1]}"


def write_angles(path: Path, tilts: Iterable[tuple[float, int]]) -> None:
    """Write the tilt angle of each section in degree, and when it was taken."""
    write_lines(path, (f"{angle:8.2f}  {number:4d}" for angle, number in tilts))


def axis_words(angle: float, *, refine: bool) -> list[str]:
    """Return the tilt axis; with -1 after it AreTomo keeps it, and one of 0 degree is searched for everywhere."""
    return ["-TiltAxis", f"{angle or 0.01:.10g}", "1" if refine else "-1"]


def nothing_written(name: str, missing: Path, log: Path) -> CryoemError:
    """Return why an expected file is not there: AreTomo ends well also when its GPU or the memory has failed it."""
    why = cause(log.read_text(errors="replace"))
    if why and why.kind != "bad-data":
        return CommandError(f"{name} ended well but did not write {missing.name}: {why}", log)
    return ResultError(f"{name} ended well but did not write {missing.name}; its log is {log}")
