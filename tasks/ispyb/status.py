"""Whether a program of ISPyB still runs, and how it ended."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, PositiveInt
from sqlalchemy import Connection, update

from tasks.ispyb.codes import speaking_of
from tasks.ispyb.columns import PROGRAM, Schema, Table
from tasks.ispyb.errors import Away, Orphaned
from tasks.ispyb.finding import find
from tasks.ispyb.values import Stored, writing
from tasks.models import Model

_STATES = {"running": None, "success": 1, "failure": 0}
_COLUMNS = ("processingStatus", "processingMessage", "processingStartTime", "processingEndTime")
_KEY = "autoProcProgramId"


class Status(Model):
    """The state of an AutoProcProgram, as pages show it."""

    program: PositiveInt
    state: Literal["running", "success", "failure"]
    message: str = ""
    """A sentence for people; cut where the column ends."""
    started: AwareDatetime | None = None
    """Counts only where no start is known yet; by default now."""
    ended: AwareDatetime | None = None
    """When it ended; by default when this is first told."""


def write_status(connection: Connection, schema: Schema, status: Status) -> bool:
    """Change what differs of a program that is locked; return whether anything did."""
    table = schema.tables.get(PROGRAM)
    if table is None or not {_KEY, *_COLUMNS} <= table.columns.keys():
        raise Away(f"no right to read {', '.join(_COLUMNS)} of {PROGRAM}: see deployments/ispyb_role.sql")
    [found] = find(connection, table, [{_KEY: status.program}], _COLUMNS)
    there = found.values if found else {}
    changed = {name: value for name, value in _wanted(table, status, there).items() if there.get(name) != value}
    if changed:
        _change(connection, table, status.program, changed)
    return bool(changed)


def _wanted(table: Table, status: Status, there: dict[str, Stored]) -> dict[str, Stored]:
    """Return what shall stand in the columns; an end that is there stays as long as the state does."""
    now = datetime.now(UTC)
    state = _STATES[status.state]
    kept = there.get("processingEndTime") if there.get("processingStatus") == state else None
    ended = _seconds(status.ended) or kept or _seconds(now)
    return {
        "processingStatus": state,
        "processingMessage": _fitting(table, status.message) or there.get("processingMessage"),
        "processingStartTime": there.get("processingStartTime") or _seconds(status.started or now),
        "processingEndTime": None if status.state == "running" else ended,
    }


def _change(connection: Connection, table: Table, program: int, changed: dict[str, Stored]) -> None:
    values = {name: writing(table.columns[name], value) for name, value in changed.items()}
    statement = update(table.clause).where(table.clause.c[_KEY] == program).values(values)
    with speaking_of(PROGRAM):
        if connection.execute(statement).rowcount != 1:
            raise Orphaned(PROGRAM, _KEY, f"there is no program {program}")


def _fitting(table: Table, message: str) -> str:
    """Return a message such that it fits, in the letters that the column knows: it is prose, not data."""
    column = table.columns["processingMessage"]
    charset = "cp1252" if column.charset == "latin1" else "utf-8"
    return message[: column.length].encode(charset, errors="replace").decode(charset)


def _seconds(time: datetime | None) -> int | None:
    return int(time.timestamp()) if time else None
