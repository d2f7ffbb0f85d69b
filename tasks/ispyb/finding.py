"""Find the row that is about the same thing: no index says that there is only one, and texts compare loosely."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select
from sqlalchemy import Row as Selected

from tasks.ispyb.codes import speaking_of
from tasks.ispyb.columns import Table
from tasks.ispyb.values import Stored, read, reading


@dataclass(frozen=True)
class Found:
    """A row that is there."""

    primary: dict[str, Stored]
    """What stands in its primary key."""
    values: dict[str, Stored]
    """What stands in the columns that were asked for."""


def find(connection: Connection, table: Table, key: Mapping[str, Stored], names: Iterable[str]) -> Found | None:
    """Return the row with exactly this key and what stands in some of its columns; of several the oldest."""
    names = list(names)
    with speaking_of(table.name):
        candidates = connection.execute(_query(table, key, names)).all()
    return next((_found(table, row, names) for row in candidates if _is(row, key)), None)


def _query(table: Table, key: Mapping[str, Stored], names: list[str]) -> Select[Any]:
    """Ask for the rows that the database takes for equal: with letters of another case, with an accent, with blanks."""
    keyed = table.link or table
    # Null-safe, and by an index where the column has one.
    conditions = [keyed.clause.c[name].is_not_distinct_from(value) for name, value in key.items()]
    wanted = {name: reading(table, table.columns[name]) for name in (*table.primary, *names)}
    texts = {_label(name): keyed.clause.c[name].label(_label(name)) for name in _texts(key)}
    query = select(*wanted.values(), *texts.values()).where(*conditions, *_joined(table))
    return query.order_by(*(table.clause.c[name] for name in table.primary))


def _joined(table: Table) -> list[ColumnElement[bool]]:
    if table.link is None:
        return []
    return [table.clause.c[name] == table.link.clause.c[name] for name in table.primary]


def _is(row: Selected[Any], key: Mapping[str, Stored]) -> bool:
    return all(row._mapping[_label(name)] == value for name, value in _texts(key).items())  # noqa: SLF001 - its name


def _found(table: Table, row: Selected[Any], names: list[str]) -> Found:
    there = row._mapping  # noqa: SLF001 - the public name of it
    values = {name: read(table.columns[name], there[name]) for name in (*table.primary, *names)}
    return Found({name: values[name] for name in table.primary}, {name: values[name] for name in names})


def _texts(key: Mapping[str, Stored]) -> dict[str, Stored]:
    return {name: value for name, value in key.items() if isinstance(value, str)}


def _label(name: str) -> str:
    return f"key_{name}"
