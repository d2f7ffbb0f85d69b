"""The times in mdoc files, which are written in many ways."""

import re
from datetime import UTC, datetime
from pathlib import Path

from tasks.errors import FormatError

_TIME = re.compile(r"(\w+)[-/. ](\w+)[-/. ](\w+)[T ]+(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?\s*([AP]M)?\s*$", re.IGNORECASE)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan",
            "feb fév fev",
            "mar mär mrz",
            "apr avr",
            "may mai",
            "jun",
            "jul",
            "aug aoû",
            "sep",
            "oct okt",
            "nov",
            "dec dez déc",
        ),
        start=1,
    )
    for name in names.split()
}


def read_time(path: Path, text: str, *, year_first: bool = False) -> datetime:
    """Read a time such as 30-Nov-15 15:21:38, 11-Aug-2023 17:44:56 or 2023-08-11 17:44:56.

    ``year_first`` says what the first of two numbers of two digits is.
    """
    match = _TIME.match(text)
    if not match:
        raise FormatError(path, f"DateTime = {text}", "a time such as 30-Nov-15 15:21:38")
    first, month, last = match[1], match[2], match[3]
    if len(first) == 4 or (year_first and len(last) != 4):
        first, last = last, first
    hour = int(match[4]) % 12 + 12 * (match[7].upper() == "PM") if match[7] else int(match[4])
    try:
        year = int(last) if len(last) == 4 else 2000 + int(last)
        return datetime(year, _month(month), int(first), hour, int(match[5]), int(match[6]), tzinfo=UTC)
    except ValueError as reason:
        raise FormatError(path, f"DateTime = {text} ({reason})", "a time such as 30-Nov-15 15:21:38") from reason


def _month(text: str) -> int:
    """Return the number of a month, written as such or by a name."""
    if text.isdigit():
        return int(text)
    if text.lower()[:3] not in _MONTHS:
        raise ValueError(f"no month is called {text}")
    return _MONTHS[text.lower()[:3]]
