"""Values as a column holds them: what is read can then be compared with what is given, exactly."""

import struct
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, func, literal_column

from tasks.ispyb.columns import Column, Table
from tasks.ispyb.errors import Rejected
from tasks.ispyb.rows import Value

Stored = int | float | str | None
"""A value as a column holds it; a time in seconds since 1970."""

_TIMES = ("datetime", "timestamp")
_WHOLE = ("tinyint", "smallint", "mediumint", "int", "bigint")
_FLOATING = ("float", "double")
_SHOWN = 60
"""Characters of a text that an error shows."""


def stored(table: str, column: Column, value: Value) -> Stored:
    """Return a value as a column will hold it; raises Rejected for one that would be damaged."""
    match value:
        case None:
            return None
        case datetime():
            return int(value.timestamp())
        case str():
            return _text(table, column, value)
        case _ if column.kind in _WHOLE:
            return round(value)
        case _ if column.kind in _FLOATING:
            return _floating(table, column, value)
        case _:
            return _text(table, column, str(value))


def reading(table: Table, column: Column) -> ColumnElement[object]:
    """Return the expression that reads a column as it is held."""
    held = table.clause.c[column.name]
    if column.kind in _TIMES:
        return func.unix_timestamp(held).label(column.name)
    if column.kind == "float":
        # By itself it is shown with six digits.
        return (held + literal_column("0e0")).label(column.name)
    return held.label(column.name)


def read(column: Column, value: object) -> Stored:
    """Return what was read by that expression; the driver tells the type of times and numbers differently."""
    if value is None or isinstance(value, str):
        return value
    whole = column.kind in _TIMES or column.kind in _WHOLE
    return int(str(value).partition(".")[0]) if whole else float(str(value))


def writing(column: Column, value: Stored | BindParameter[Any]) -> object:
    """Return what writes a value: times in the zone of the database, whatever ours is."""
    return func.from_unixtime(value) if column.kind in _TIMES and value is not None else value


def _text(table: str, column: Column, value: str) -> str:
    """Refuse a text that would be cut, or in which the database would write question marks."""
    if column.length is not None and len(value) > column.length:
        raise Rejected(table, column.name, f"{len(value)} characters where {column.length} fit: {value[:_SHOWN]}...")
    try:
        # What MySQL calls latin1 is this.
        value.encode("cp1252" if column.charset == "latin1" else "utf-8")
    except UnicodeEncodeError as error:
        unwritable = value[error.start : error.end]
        raise Rejected(table, column.name, f"{unwritable!r} is not in {column.charset}: {value[:_SHOWN]}") from error
    return value


def _floating(table: str, column: Column, value: float) -> float:
    if column.kind == "double":
        return float(value)
    try:
        held: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError as error:
        raise Rejected(table, column.name, f"{value:g} is too large") from error
    return held
