"""Which tables and columns a database has and lets us write: releases of ISPyB differ, and so do rights."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from sqlalchemy import Connection, TableClause, bindparam, text
from sqlalchemy import column as named_column
from sqlalchemy import table as named_table

from tasks.ispyb.errors import Away, Rejected
from tasks.ispyb.rows import KEYS

_log = logging.getLogger(__name__)
BUFFER: Final = "zc_ZocaloBuffer"
PROGRAM: Final = "AutoProcProgram"
_LINKS: Final = {"CryoemInitialModel": "ParticleClassification_has_CryoemInitialModel"}
# No page shows them: a site may leave out the right to write them.
_OPTIONAL: Final = frozenset({"AutoProcProgramAttachment", "AutoProcProgramMessage", BUFFER})

_READ = text(
    "SELECT TABLE_NAME AS place, COLUMN_NAME AS name, DATA_TYPE AS kind, CHARACTER_MAXIMUM_LENGTH AS length,"
    " CHARACTER_SET_NAME AS charset, COLUMN_KEY AS keyed, EXTRA AS extra, PRIVILEGES AS rights"
    " FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN :tables"
).bindparams(bindparam("tables", expanding=True))


@dataclass(frozen=True)
class Column:
    """A column as the database describes it."""

    name: str
    kind: str
    """Its type without length and sign, as in varchar."""
    length: int | None = None
    """Largest number of characters."""
    charset: str | None = None
    primary: bool = False
    automatic: bool = False
    """Whether the database gives the number."""
    writable: bool = True


@dataclass(frozen=True, eq=False)
class Table:
    """A table that is there, as far as we may see it."""

    name: str
    columns: Mapping[str, Column]
    clause: TableClause
    link: "Table | None" = None
    """The table through which its rows are known, if not by themselves."""

    @cached_property
    def primary(self) -> list[str]:
        """The columns of the primary key."""
        return [column.name for column in self.columns.values() if column.primary]

    @cached_property
    def identity(self) -> str | None:
        """The column in which the database numbers the rows; link tables have none."""
        return next((column.name for column in self.columns.values() if column.automatic), None)

    @cached_property
    def writable(self) -> bool:
        """Whether rows may be inserted."""
        return any(column.writable for column in self.columns.values())

    def key_column(self, name: str) -> Column:
        """Return a column by which rows are known; without it they are not."""
        source = self.link or self
        if name not in source.columns:
            raise Rejected(source.name, name, "there is no such column, and rows are known by it")
        return source.columns[name]


@dataclass(frozen=True)
class Schema:
    """The tables of a database as they were when they were read."""

    tables: Mapping[str, Table]
    missed: set[str] = field(default_factory=set)
    """What was missed already: it is told once."""

    def table(self, name: str) -> Table | None:
        """Return a table; None for one that is missing, or closed to us, and that nothing depends on."""
        found = self.tables.get(name)
        if found and found.writable:
            return found
        if name not in _OPTIONAL:
            raise Away(f"there is no table {name}, or no right to write it: see deployments/ispyb_role.sql")
        self._miss(name)
        return None

    def known(self, table: Table, names: Iterable[str]) -> list[str]:
        """Return those of some columns that the table has; say once which are left out."""
        names = list(names)
        for name in names:
            if name not in table.columns:
                self._miss(f"{table.name}.{name}")
        return [name for name in names if name in table.columns]

    def _miss(self, name: str) -> None:
        if name not in self.missed:
            self.missed.add(name)
            _log.warning("this ISPyB has no %s, or no right to write it: it is left out from now on", name)


def read_schema(connection: Connection, missed: set[str]) -> Schema:
    """Read which columns of our tables there are; the role sees only those on which it has a right."""
    columns: dict[str, dict[str, Column]] = {}
    for row in connection.execute(_READ, {"tables": [*KEYS, BUFFER, PROGRAM]}):
        columns.setdefault(row.place, {})[row.name] = Column(
            name=row.name,
            kind=row.kind.lower(),
            length=row.length,
            charset=row.charset,
            primary=row.keyed == "PRI",
            automatic="auto_increment" in row.extra,
            writable="insert" in row.rights,
        )
    plain = {name: _table(name, found.values()) for name, found in columns.items()}
    linked = {name: _linked(plain[name], plain[link]) for name, link in _LINKS.items() if {name, link} <= plain.keys()}
    return Schema(plain | linked, missed)


def _table(name: str, columns: Collection[Column]) -> Table:
    clause = named_table(name, *(named_column(column.name) for column in columns))
    return Table(name, {column.name: column for column in columns}, clause)


def _linked(plain: Table, link: Table) -> Table:
    return Table(plain.name, plain.columns, plain.clause, link)
