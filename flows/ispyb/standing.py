"""How the programs of ISPyB stand, and what is said of what was given up.

Programs that many items share (those that prepare movies, and extract particles) are ended by Murfey with the session;
of the others it never hears again, so they are ended here.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

from flows.ispyb.kept import Item, Kept, standing_of
from flows.murfey.asked import request_in
from tasks.ispyb import Row, Status
from tasks.ledger import Attempt, FailureKind, history, requests_for
from tasks.murfey import SpaBFactor, SpaClass2D, SpaClass3D, SpaRefine, TomoAlign

_ENDED: Final[dict[str, tuple[str, ...]]] = {
    "particle_batch": (SpaClass2D.recipe,),
    "classification_3d": (SpaClass3D.recipe,),
    "refinement": (SpaRefine.recipe, SpaBFactor.recipe),
    "b_factor": (SpaRefine.recipe, SpaBFactor.recipe),
    "tilt_series": (TomoAlign.recipe,),
}
"""The recipes that have one program, by the kinds of what they ask for."""
_OF_MANY = ("movie", "tilt_movie", "extraction")
_LONGEST = 200
"""Characters of a message."""
_PUT_BACK = ("requeued", "announced-anew")


class _Told(NamedTuple):
    """What is said of an item."""

    words: str
    description: str
    severity: Literal["INFO", "WARNING", "ERROR"]


def programs_of(item: Kept) -> list[int]:
    """Return the programs that asked for an item."""
    asked = (request.autoproc_program_id for request in item.requests)
    return list(dict.fromkeys(program for program in asked if program is not None))


def statuses_of(item: Kept) -> list[Status]:
    """Return how the programs stand that asked for an item, if they are ended here."""
    recipes = _ENDED.get(item.kind, ())
    return [_status(item, program, recipes) for program in programs_of(item)] if recipes else []


def rows_of_failure(item: Kept) -> list[Row]:
    """Return what is said of an item that was given up, or that was and is no longer."""
    past = history(item.ledger, item.session.name, item.kind, item.item.key)
    reasons = [attempt.reason for attempt in _given_up(past)]
    told: _Told | None = None
    if item.item.state == "quarantined":
        reason = item.item.reason or "no reason is known"
        told = _Told("was given up", reason, "WARNING" if item.kind in _OF_MANY else "ERROR")
    elif item.item.state == "done" and reasons:
        told = _Told("is done after all", f"it was given up before: {reasons[-1]}", "INFO")
    return [row for program in programs_of(item) for row in _rows(item, program, told)] if told else []


def _status(item: Kept, program: int, recipes: Sequence[str]) -> Status:
    """Judge a program by all that it asked for."""
    items = _all_of(item, program, recipes)
    states = {each.state for each in items}
    started, ended = _times(item)
    if states & {"waiting", "running"}:
        return Status(program=program, state="running", message="running", started=started)
    given_up = [each for each in items if each.state == "quarantined"]
    if "done" not in states:
        reason = given_up[-1].reason if given_up else None
        return Status(program=program, state="failure", message=reason or "given up", started=started, ended=ended)
    left = f"; {len(given_up)} of {len(items)} were given up" if given_up else ""
    message = f"processing successful{left}"
    return Status(program=program, state="success", message=message, started=started, ended=ended)


def _all_of(item: Kept, program: int, recipes: Sequence[str]) -> list[Item]:
    keys: dict[str, set[str]] = {}
    for recipe in recipes:
        for asked in requests_for(item.ledger, item.session.name, recipe, str(program)):
            if request_in(asked).autoproc_program_id == program:
                keys.setdefault(asked.kind, set()).add(asked.item)
    found = [standing_of(item.ledger, item.session.name, kind, of_kind) for kind, of_kind in keys.items()]
    return [each for items in found for each in items.values()]


def _times(item: Kept) -> tuple[datetime | None, datetime | None]:
    """Return when the last attempt began and ended."""
    attempts = history(item.ledger, item.session.name, item.kind, item.item.key)
    if not attempts:
        return None, None
    last = attempts[-1]
    return _time(last.started), None if last.ended is None else _time(last.ended)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(round(seconds), UTC)


def _given_up(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return the attempts after which somebody had to put the item back."""
    failures = get_args(FailureKind)
    return [failed for failed, after in pairwise(attempts) if failed.outcome in failures and after.outcome in _PUT_BACK]


def _rows(item: Kept, program: int, told: _Told) -> list[Row]:
    row = Row(
        table="AutoProcProgramMessage",
        name=f"message to {program}",
        key={"autoProcProgramId": program, "severity": told.severity, "message": _message(item, told.words)},
        values={"description": told.description},
        program=program,
    )
    return [row, log_row(program, Path(item.item.log))] if item.item.log else [row]


def log_row(program: int, log: Path) -> Row:
    """Return the row of a log that tells why something was given up."""
    return Row(
        table="AutoProcProgramAttachment",
        name=f"log {log} of {program}",
        key={"autoProcProgramId": program, "filePath": str(log.parent), "fileName": log.name},
        values={"fileType": "Log"},
        program=program,
    )


def _message(item: Kept, words: str) -> str:
    """Return what has happened to an item; of a long name the end tells more."""
    beginning, ending = item.kind.replace("_", " "), words
    room = _LONGEST - len(beginning) - len(ending) - 2
    return f"{beginning} {item.item.key[-room:]} {ending}"
