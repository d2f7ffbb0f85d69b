"""What was given up: why, what was tried, and a picture of what it was."""

from collections.abc import Sequence
from pathlib import Path

from tasks.images import picture_movie
from tasks.ledger import Ledger, Quarantined, Session, history, quarantined
from tasks.report.album import Album
from tasks.report.facts import GivenUp, Shown

PICTURES_AT_ONCE = 4
_LOG_BYTES = 4096
_LOG_LINES = 12


def given_up(ledger: Ledger, session: Session, report: Path) -> tuple[GivenUp, ...]:
    """Tell of every item in quarantine, with pictures in a folder of the report."""
    album = Album(report / "quarantine", ".png", PICTURES_AT_ONCE)
    told = tuple(_tell(ledger, session, item, album) for item in quarantined(ledger, session.name))
    album.forget()
    return told


def picture(item: Quarantined, album: Album) -> Shown:
    """Picture the file of an item that was given up as well as its state allows; never raises for bad data."""
    files = files_of(item)
    if not files:
        return Shown(words="no picture: the item names no movie")
    file = files[len(files) // 2]
    return album.show(file, file.stem, picture_movie, f"sum of the first frames of {file.name}")


def files_of(item: Quarantined) -> Sequence[Path]:
    """Return the movies of an item, as its payload names them."""
    payload = item.payload
    match payload:
        case {"path": str(path)}:
            return [Path(path)]
        case {"frames": str(folder), "movies": list(names)}:
            return [Path(folder) / name for name in names if isinstance(name, str)]
    return []


def end_of(log: Path) -> str:
    """Return the last lines of a log, or why it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LOG_BYTES))
            text = file.read(_LOG_BYTES).decode(errors="replace")
    except (OSError, ValueError) as reason:
        return f"cannot be read: {reason}"
    return "\n".join(text.splitlines()[-_LOG_LINES:])


def _tell(ledger: Ledger, session: Session, item: Quarantined, album: Album) -> GivenUp:
    return GivenUp(
        kind=item.kind,
        key=item.key,
        name=str(item.payload.get("name") or Path(item.key).name or item.key),
        reason_kind=item.reason_kind,
        reason=item.reason,
        log=item.log,
        log_end=end_of(item.log) if item.log else "",
        attempts=tuple(history(ledger, session.name, item.kind, item.key)),
        picture=picture(item, album),
    )
