"""Numbers, times and names in words."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

UNKNOWN = "\u2013"
_THIN = "\u202f"
"""A narrow space that does not break."""


class OfAKind(Protocol):
    """Something of a kind of items."""

    @property
    def kind(self) -> str:
        """The kind."""


def number(value: float | None, digits: int = 1, unit: str = "") -> str:
    """Return a number with its unit; a dash where it is not known."""
    if value is None:
        return UNKNOWN
    return f"{value:.{digits}f}{_THIN if unit else ''}{unit}"


def duration(seconds: float | None) -> str:
    """Return a time span to two units."""
    if seconds is None:
        return "not known yet"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def clock(seconds: float | None) -> str:
    """Return a time since 1970 as date and time of day of this machine, with its zone."""
    if seconds is None:
        return UNKNOWN
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def moment(seconds: float) -> str:
    """Return a time since 1970 shortly, for tables: month, day and time of day of this machine."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%m-%d %H:%M:%S")


def counted(count: int, what: str) -> str:
    """Return a number of things."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def kinds_of(items: Sequence[OfAKind]) -> str:
    """Count items by their kinds: 3 tilt movies and 1 tilt series."""
    counts = Counter(item.kind for item in items)
    return " and ".join(f"{count:,} {plural(kind, count)}" for kind, count in counts.most_common())


def plural(kind: str, count: int = 2) -> str:
    """Return the words for a kind of items."""
    words = kind.replace("_", " ")
    return words if count == 1 or words.endswith("s") else f"{words}s"
