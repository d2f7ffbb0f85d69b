"""What the names of frame files say: series, number and tilt angle."""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tasks.errors import InputError
from tasks.models import Model

PATTERN = (
    r"(?P<series>.+?)"
    r"(?:_(?P<number>\d{2,6}))?"
    r"_?[\[_](?P<angle>[+-]?\d{1,2}\.\d+)\]?"
    r"(?:[_-](?P<time>\d{8}_\d{6}|[A-Z][a-z]{2}\d{2}_\d{2}\.\d{2}\.\d{2}))?"
    r"(?:_(?i:fractions|eer|frames))?"
)
"""Names of Tomography 5 (Position_1_001_-3.00_20220101_120000_fractions) and of SerialEM (TS_01_000_-3.0)."""

_BEGINNING = datetime.min.replace(tzinfo=UTC)


class NamedFile(Model):
    """What the name of a file says."""

    path: Path
    series: str
    number: int | None = None
    """Place in the order of acquisition."""
    angle: float
    """Tilt angle in degree."""
    time: datetime | None = None


def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern for names, which must have the groups that are needed."""
    try:
        expression = re.compile(pattern)
    except re.error as reason:
        raise InputError("pattern", f"{pattern} ({reason})", "a regular expression") from reason
    groups = set(expression.groupindex)
    if not {"series", "angle"} <= groups or not groups & {"number", "time"}:
        raise InputError("pattern", pattern, "groups (?P<series>), (?P<angle>) and (?P<number>) or (?P<time>)")
    return expression


def read_name(path: Path, pattern: re.Pattern[str]) -> NamedFile | None:
    """Read the name of a file without its suffix; none if the pattern does not fit."""
    match = pattern.fullmatch(path.stem)
    if not match:
        return None
    groups = match.groupdict()
    number, time = groups.get("number"), groups.get("time")
    return NamedFile(
        path=path,
        series=groups["series"],
        number=None if number is None else int(number),
        angle=float(groups["angle"]),
        time=None if time is None else _time(time),
    )


def series_in(stem: str) -> str:
    """Return the series in a name, or else the name."""
    match = re.fullmatch(PATTERN, stem)
    return match["series"] if match else stem


def _time(text: str) -> datetime:
    """Read 20220101_120000, or Oct08_07.39.05 (whose year is not known: 2000 has all days of the calendar)."""
    if text[0].isdigit():
        return datetime.strptime(text, "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
    return datetime.strptime(f"2000{text}", "%Y%b%d_%H.%M.%S").replace(tzinfo=UTC)


def grouped(files: Sequence[NamedFile]) -> dict[str, list[NamedFile]]:
    """Group files by series."""
    groups = defaultdict(list)
    for file in files:
        groups[file.series].append(file)
    result: dict[str, list[NamedFile]] = {}
    for series, members in groups.items():
        result |= _by_number(series, members)
    return dict(sorted(result.items()))


def _by_number(series: str, members: list[NamedFile]) -> dict[str, list[NamedFile]]:
    """Part the files of a series if their numbers are those of series: TS_001_-51.0 and TS_001_-48.0."""
    numbers = {file.number for file in members}
    if None in numbers or len(numbers) > len(members) / 2:
        return {series: members}
    groups = defaultdict(list)
    for file in members:
        found = re.match(rf"{re.escape(series)}_\d+", file.path.stem)
        name = found[0] if found else f"{series}_{file.number}"
        groups[name].append(file.model_copy(update={"series": name, "number": None}))
    return dict(groups)


def in_order_of_acquisition(files: Sequence[NamedFile]) -> list[NamedFile]:
    """Order the files of a series by number or else by time."""
    if all(file.number is not None for file in files):
        return sorted(files, key=lambda file: (file.number or 0, file.time or _BEGINNING))
    if all(file.time is not None for file in files):
        return sorted(files, key=lambda file: file.time or _BEGINNING)
    found = f"names like {files[0].path.name}, which do not say the order of acquisition"
    raise InputError(f"tilt series {files[0].series}", found, "a number or a time in each name, or an mdoc")
