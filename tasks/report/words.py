"""Numbers, times and names in words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Protocol, TypeVar

UNKNOWN = "\u2013"
_THIN = "\u202f"
"""A narrow space that does not break."""


_ORDER = (
    "tilt_movie",
    "tilt_series",
    "movie",
    "particle_diameter",
    "extraction",
    "particle_file",
    "particle_batch",
    "classification_3d",
    "refinement",
    "b_factor",
)
"""Kinds of items as they follow each other."""
_NAMES = {
    "particle_diameter": ("particle diameter", "particle diameters"),
    "extraction": ("extraction of particles", "extractions of particles"),
    "particle_file": ("file of particles", "files of particles"),
    "particle_batch": ("batch of particles", "batches of particles"),
    "classification_3d": ("3D classification", "3D classifications"),
    "b_factor": ("B factor", "B factors"),
}
"""One and several, where it is not just the kind with an s."""
_STAGES = {"particle_diameter": "diameter of the particles", "extraction": "micrographs extracted"}
"""What is counted of a kind, where it is not its plural."""
_STEPS = {
    "ctf_estimation": "CTF estimation",
    "tomogram_picking": "picking of particles",
    "classification_2d": "2D classification",
    "classification_3d": "3D classification",
    "b_factor": "fit of the B factor",
    "particles": "putting particles together",
    "best_class": "particles of the best class",
    "particle_diameter": "typical diameter",
}
"""Steps, where it is not just their name."""


class OfAKind(Protocol):
    """Something of a kind of items."""

    @property
    def kind(self) -> str:
        """The kind."""


Thing = TypeVar("Thing", bound=OfAKind)


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


def counted(count: int, what: str, several: str | None = None) -> str:
    """Return a number of things."""
    return f"{count:,} {what if count == 1 else several or what + 's'}"


def ranges(keys: Sequence[str]) -> str:
    """Return numbers shortly: 1 to 4, 7."""
    numbers = sorted(int(key) for key in keys)
    runs = [[number for _, number in run] for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])]
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def kinds_of(items: Sequence[OfAKind]) -> str:
    """Count items by their kinds: 3 tilt movies, 2 refinements and 1 tilt series."""
    counts = Counter(item.kind for item in items)
    *others, last = [f"{count:,} {plural(kind, count)}" for kind, count in counts.most_common()]
    return f"{', '.join(others)} and {last}" if others else last


def plural(kind: str, count: int = 2) -> str:
    """Return the words for a kind of items."""
    words = kind.replace("_", " ")
    one, several = _NAMES.get(kind, (words, words if words.endswith("s") else f"{words}s"))
    return one if count == 1 else several


def stage(kind: str) -> str:
    """Return the words for what is counted of a kind of items."""
    return _STAGES.get(kind) or plural(kind)


def step_words(step: str) -> str:
    """Return the words for a step; one for a part of the particles says how many: refinement_2000."""
    name, _, part = step.rpartition("_")
    if part.isdigit():
        return f"{'drawing' if name == 'particles' else step_words(name)} of {int(part):,} particles"
    return _STEPS.get(step) or step.replace("_", " ")


def in_order(things: Iterable[Thing]) -> list[Thing]:
    """Return what is of kinds of items in the order in which these follow each other; others come last."""
    return sorted(things, key=lambda thing: _ORDER.index(thing.kind) if thing.kind in _ORDER else len(_ORDER))
