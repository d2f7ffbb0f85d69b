"""Options in the command files (.com) of IMOD.

A line that begins with $ starts a program, with # is a comment; every other gives an option and its values. Options
are known by their names in any case.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from tasks.errors import FormatError
from tasks.formats.text import read_lines
from tasks.models import Model

Options = Mapping[str, list[str]]
"""The values of each option, by its name in lower case, in the order of the file."""
Program = TypeVar("Program", bound=Model)


def model(program: type[Program], path: Path, kind: str, fields: Iterable[tuple[str, object]]) -> Program:
    """Make a model of the fields that are said, or say what is wrong with the file."""
    try:
        return program.model_validate({name: value for name, value in fields if value is not None})
    except ValidationError as error:
        wrong = error.errors()[0]
        raise FormatError(path, f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}", kind) from error


def read_options(path: Path, program: str, kind: str) -> Options:
    """Return the options that a program is given."""
    options: dict[str, list[str]] = defaultdict(list)
    running = None
    for line in (text.strip() for text in read_lines(path, kind)):
        if line.startswith("$"):
            running = line.lstrip("$ ").split()[0] if line.strip("$ ") else None
        elif line and not line.startswith("#") and running == program:
            name, _, value = line.replace("\t", " ").partition(" ")
            options[name.lower()].append(value.strip())
    if not options:
        raise FormatError(path, f"does not run {program}", kind)
    return options


def last(options: Options, name: str) -> str | None:
    """Return the last value of an option: programs let it count."""
    return next(reversed(options.get(name, [])), None) or None


def values(path: Path, options: Options, name: str) -> tuple[float, ...] | None:
    """Return the numbers of an option."""
    text = last(options, name)
    if text is None:
        return None
    try:
        found = tuple(float(word) for word in text.replace(",", " ").split())
    except ValueError as reason:
        raise FormatError(path, f"{name} {text}", "numbers") from reason
    if not all(map(math.isfinite, found)):
        raise FormatError(path, f"{name} {text}", "finite numbers")
    return found


def numbered(path: Path, text: str) -> tuple[int, ...]:
    """Return the numbers of a list like 1,4-7."""
    numbers: list[int] = []
    for part in text.replace(" ", "").split(",") if text else ():
        found = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if not found:
            raise FormatError(path, f"list {text!r}", "numbers and ranges, as 1,4-7")
        first, last = int(found[1]), int(found[2] or found[1])
        numbers += range(first, last + 1) if last >= first else range(first, last - 1, -1)
    return tuple(numbers)


def ranges(numbers: Iterable[int]) -> str:
    """Return a list like 1,4-7 of numbers in their order."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
