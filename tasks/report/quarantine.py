"""What was given up: why, what was tried, and a picture of what it was."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.images import picture_movie
from tasks.ledger import Ledger, Quarantined, Session, history, quarantined
from tasks.report.album import Album
from tasks.report.facts import GivenUp, MovieFacts
from tasks.report.shown import Shown
from tasks.report.words import plural

PICTURES_AT_ONCE = 4
DETAILED = 50
"""Items of which all is told; if a session fails as a whole, telling all of each would cost minutes."""
_NAMED_BY_MOVIE = ("movie", "tilt_movie", "extraction")
"""Kinds of which the key is the path of a movie."""
_LOG_BYTES = 4096
_LOG_LINES = 12


def given_up(ledger: Ledger, session: Session, movies: Sequence[MovieFacts], report: Path) -> tuple[GivenUp, ...]:
    """Tell of every item in quarantine, with pictures in a folder of the report; one of each reason comes first."""
    album = Album(report / "quarantine", ".png", PICTURES_AT_ONCE)
    items = list(_one_of_each_first(quarantined(ledger, session.name)))
    found = {movie.name.lower(): Path(movie.path) for movie in movies} if items else {}
    told = [_detailed(ledger, session, item, picture(item, found, album)) for item in items[:DETAILED]]
    album.forget()
    return (*told, *map(_brief, items[DETAILED:]))


def picture(item: Quarantined, movies: dict[str, Path], album: Album) -> Shown:
    """Picture the file of an item that was given up as well as its state allows; never raises for bad data."""
    files = files_of(item, movies)
    if not files:
        return Shown(words="no picture: the item names no movie")
    file = next(filter(_is_there, files), files[0])
    return album.show(file, file.stem, picture_movie, f"Sum of the first frames of {file.name}")


def files_of(item: Quarantined, movies: dict[str, Path]) -> list[Path]:
    """Return the movies of an item, as its payload names them; ``movies`` are known ones by their stems."""
    match item.payload:
        case {"path": str(path)}:
            return [Path(path)]
        case {"frames": str(folder), "movies": list(names)}:
            texts = [name for name in names if isinstance(name, str)]
            return [movies.get(Path(name).stem.lower(), Path(folder) / name) for name in texts]
    return [Path(item.key)] if item.kind in _NAMED_BY_MOVIE else []


def end_of(log: Path) -> str:
    """Return the last lines of a log, or why it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LOG_BYTES))
            text = file.read(_LOG_BYTES).decode(errors="replace")
    except (OSError, ValueError) as reason:
        return f"cannot be read: {reason}"
    return "\n".join(text.splitlines()[-_LOG_LINES:])


def why(item: Quarantined | GivenUp) -> str:
    """Return the reason of an item without what is its own: its name and all numbers."""
    reason = item.reason
    for own in (item.key, Path(item.key).name, Path(item.key).stem):
        reason = reason.replace(own, "\u2026")
    return f"{plural(item.kind, 1)} {item.reason_kind}: {re.sub(r'[0-9]+', '#', reason)}"


def _one_of_each_first(items: Sequence[Quarantined]) -> Iterator[Quarantined]:
    seen: Counter[str] = Counter()
    ranked = []
    for place, item in enumerate(items):
        seen[why(item)] += 1
        ranked.append((seen[why(item)] > 1, place))
    return (items[place] for _, place in sorted(ranked))


def _detailed(ledger: Ledger, session: Session, item: Quarantined, shown: Shown) -> GivenUp:
    more = {
        "log_end": end_of(item.log) if item.log else "",
        "attempts": tuple(history(ledger, session.name, item.kind, item.key)),
        "picture": shown,
    }
    return _brief(item).model_copy(update=more)


def _brief(item: Quarantined) -> GivenUp:
    return GivenUp(
        kind=item.kind,
        key=item.key,
        name=str(item.payload.get("name") or Path(item.key).name or item.key),
        reason_kind=item.reason_kind,
        reason=item.reason,
        log=item.log,
    )


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
