"""How the programs of ISPyB stand, and what is said of what was given up.

Those that prepare the movies of single particles, and extract particles, go on as long as the session, and are ended by
Murfey with it. Of the others it never hears again, so they are ended here.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

from flows.ispyb.kept import Item, Kept, standing_of
from flows.ispyb.of_tomography import TILT_MOVIE, tilts_of
from flows.murfey.asked import request_in, requests_in
from tasks.ispyb import Row, Status
from tasks.ledger import Attempt, FailureKind, State, history, requests_for, requests_of
from tasks.murfey import MurfeyRequest, SpaBFactor, SpaClass2D, SpaClass3D, SpaRefine, TomoAlign

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
    return _named(item.requests)


def statuses_of(item: Kept) -> list[Status]:
    """Return how the programs stand that asked for an item, if they are ended here."""
    if item.kind not in _ENDED:
        return []
    judged = {program: _all_of(item, program) for program in programs_of(item)} | _of_tilts(item)
    return [_status(program, items) for program, items in judged.items()]


def rows_of_failure(item: Kept) -> list[Row]:
    """Return what is said of an item that was given up, or that was and is no longer."""
    told: _Told | None = None
    if item.item.state == "quarantined":
        reason = item.item.reason or "no reason is known"
        told = _Told("was given up", reason, "WARNING" if item.kind in _OF_MANY else "ERROR")
    elif item.item.state == "done" and item.item.attempts > 1 and (before := _given_up(item)):
        told = _Told("is done after all", f"it was given up before: {before[-1].reason}", "INFO")
    return [row for program in programs_of(item) for row in _rows(item, program, told)] if told else []


def rows_of_report(item: Kept) -> list[Row]:
    """Return where the report of the session is, for the programs that are ended here, if it is written."""
    report = item.session.folder / "report" / "index.html"
    there = item.kind in _ENDED and report.is_file()
    return [_attachment(program, "Result", report) for program in programs_of(item)] if there else []


def _attachment(program: int, kind: Literal["Log", "Result"], file: Path) -> Row:
    return Row(
        table="AutoProcProgramAttachment",
        name=f"{kind} {file} of {program}",
        key={"autoProcProgramId": program, "filePath": str(file.parent), "fileName": file.name},
        values={"fileType": kind},
        program=program,
    )


def _status(program: int, items: Sequence[Item]) -> Status:
    """Judge a program by all that it asked for."""
    given_up = [each for each in items if each.state == "quarantined"]
    state, message = _judged({each.state for each in items}, given_up, len(items))
    return Status(
        program=program,
        state=state,
        message=message,
        started=_time(min((each.started for each in items if each.started), default=None)),
        ended=None if state == "running" else _time(max((each.ended for each in items if each.ended), default=None)),
    )


def _judged(
    states: AbstractSet[State], given_up: Sequence[Item], number: int
) -> tuple[Literal["running", "success", "failure"], str]:
    if states & {"waiting", "running"}:
        return "running", "running"
    if "done" not in states:
        return "failure", (given_up[-1].reason if given_up else None) or "given up"
    left = f"; {len(given_up)} of {number} were given up" if given_up else ""
    return "success", f"processing successful{left}"


def _all_of(item: Kept, program: int) -> list[Item]:
    """Return all items that a program asked for."""
    keys: dict[str, set[str]] = {}
    for recipe in _ENDED[item.kind]:
        for asked in requests_for(item.ledger, item.session.name, recipe, str(program)):
            if request_in(asked).autoproc_program_id == program:
                keys.setdefault(asked.kind, set()).add(asked.item)
    found = [standing_of(item.ledger, item.session.name, kind, of_kind) for kind, of_kind in keys.items()]
    return [each for items in found for each in items.values()]


def _of_tilts(series: Kept) -> dict[int, list[Item]]:
    """Return the tilts of a series by the programs that asked for them: with the series these have ended, too."""
    if series.kind != "tilt_series":
        return {}
    keys = [str(path) for path in tilts_of(series.item.payload).values()]
    standing = standing_of(series.ledger, series.session.name, TILT_MOVIE, keys)
    found: dict[int, list[Item]] = {}
    for key, asked in requests_of(series.ledger, series.session.name, TILT_MOVIE, keys).items():
        for program in _named(requests_in(asked)):
            found.setdefault(program, []).append(standing[key])
    return found


def _named(requests: Sequence[MurfeyRequest]) -> list[int]:
    """Return the different programs that some requests name, in their order."""
    named = (request.autoproc_program_id for request in requests)
    return list(dict.fromkeys(program for program in named if program is not None))


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(round(seconds), UTC)


def _given_up(item: Kept) -> list[Attempt]:
    """Return the attempts after which somebody had to put the item back."""
    attempts, failures = history(item.ledger, item.session.name, item.kind, item.item.key), get_args(FailureKind)
    return [failed for failed, after in pairwise(attempts) if failed.outcome in failures and after.outcome in _PUT_BACK]


def _rows(item: Kept, program: int, told: _Told) -> list[Row]:
    row = Row(
        table="AutoProcProgramMessage",
        name=f"message to {program}",
        key={"autoProcProgramId": program, "severity": told.severity, "message": _message(item, told.words)},
        values={"description": told.description},
        program=program,
    )
    return [row, _attachment(program, "Log", Path(item.item.log))] if item.item.log else [row]


def _message(item: Kept, words: str) -> str:
    """Return what has happened to an item; of a long name the end tells more."""
    beginning, ending = item.kind.replace("_", " "), words
    room = _LONGEST - len(beginning) - len(ending) - 2
    return f"{beginning} {item.item.key[-room:]} {ending}"
