"""Find the rows that are about the same things: no index says that there is only one, and texts compare loosely."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, or_, select
from sqlalchemy import Row as Selected

from tasks.ispyb.codes import speaking_of
from tasks.ispyb.columns import Table
from tasks.ispyb.values import Stored, read, reading

Key = Mapping[str, Stored]


@dataclass(frozen=True)
class Found:
    """A row that is there."""

    primary: dict[str, Stored]
    """What stands in its primary key."""
    values: dict[str, Stored]
    """What stands in the columns that were asked for."""


def find(connection: Connection, table: Table, keys: Sequence[Key], names: Iterable[str]) -> list[Found | None]:
    """Return the row with exactly each key and what stands in some of its columns; of several the oldest.

    All keys are of the same columns.
    """
    names, keyed = list(names), list(keys[0])
    with speaking_of(table.name):
        candidates = connection.execute(_query(table, keys, names)).all()
    # The first of one key counts.
    there = {_key(table, row, keyed): _found(table, row, names) for row in reversed(candidates)}
    return [there.get(tuple(key[name] for name in keyed)) for key in keys]


def _query(table: Table, keys: Sequence[Key], names: list[str]) -> Select[Any]:
    """Ask for the rows that the database takes for equal: with letters of another case, with an accent, with blanks.

    Of keys that differ in more than one column, rows that mix them come with them.
    """
    source = table.link or table
    conditions = [_among(source.clause.c[name], {key[name] for key in keys}) for name in keys[0]]
    wanted = [reading(table, table.columns[name]) for name in (*table.primary, *names)]
    known = [reading(source, source.columns[name]).label(_label(name)) for name in keys[0]]
    query = select(*wanted, *known).where(*conditions, *_joined(table))
    return query.order_by(*(table.clause.c[name] for name in table.primary))


def _among(column: ColumnElement[Any], values: set[Stored]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of some values, or null; by an index where the column has one."""
    if len(values) == 1:
        return column.is_not_distinct_from(*values)
    given = column.in_([value for value in values if value is not None])
    return or_(given, column.is_(None)) if None in values else given


def _joined(table: Table) -> list[ColumnElement[bool]]:
    if table.link is None:
        return []
    return [table.clause.c[name] == table.link.clause.c[name] for name in table.primary]


def _key(table: Table, row: Selected[Any], names: list[str]) -> tuple[Stored, ...]:
    source, there = table.link or table, row._mapping  # noqa: SLF001 - the public name of it
    return tuple(read(source.columns[name], there[_label(name)]) for name in names)


def _found(table: Table, row: Selected[Any], names: list[str]) -> Found:
    there = row._mapping  # noqa: SLF001 - as above
    values = {name: read(table.columns[name], there[name]) for name in (*table.primary, *names)}
    return Found({name: values[name] for name in table.primary}, {name: values[name] for name in names})


def _label(name: str) -> str:
    return f"key_{name}"
