"""Write the rows of a delivery within a transaction: what is there is brought up to date, the rest is inserted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, and_, insert, text, update

from tasks.errors import InputError
from tasks.ispyb.codes import speaking_of
from tasks.ispyb.columns import BUFFER, Column, Schema, Table
from tasks.ispyb.finding import Found, find
from tasks.ispyb.rows import Ref, Row, Value
from tasks.ispyb.values import Stored, stored, writing

Given = Mapping[str, Value | Ref]

_REMEMBER = text(
    f"INSERT INTO {BUFFER} (AutoProcProgramID, UUID, Reference) VALUES (:program, :uuid, :reference)"  # noqa: S608
    " ON DUPLICATE KEY UPDATE Reference = VALUES(Reference)"
)
_MOVIE = "Movie"


@dataclass
class Delivery:
    """The rows of one delivery while they are written, parents first."""

    connection: Connection
    schema: Schema
    ids: dict[str, int] = field(default_factory=dict)
    """The ids of the rows that have been written, by name."""

    def write(self, row: Row) -> None:
        """Update the row if it is there and differs, or insert it."""
        table = self.schema.table(row.table)
        if table is None:
            return
        key, values = self._key(table, row), self._values(table, row.values)
        found = find(self.connection, table, key, values)
        if found:
            self._update(table, found, values)
        self._know(row, table, found.primary if found else self._insert(table, key, values))

    def look_up(self, row: Row) -> None:
        """Find the row without writing it; one that refers to a missing row is missing."""
        table = self.schema.table(row.table)
        if table and row.references <= self.ids.keys():
            found = find(self.connection, table, self._key(table, row), ())
            if found:
                self._know(row, table, found.primary)

    def remember(self, rows: Sequence[Row]) -> None:
        """Keep ids under the numbers that Murfey gave the rows, for other writers."""
        called = [row for row in rows if row.uuid is not None and row.name in self.ids]
        values = [{"program": row.program, "uuid": row.uuid, "reference": self.ids[row.name]} for row in called]
        if values and self.schema.table(BUFFER):
            with speaking_of(BUFFER):
                self.connection.execute(_REMEMBER, values)

    def _know(self, row: Row, table: Table, primary: Mapping[str, Stored]) -> None:
        if table.identity:
            self.ids[row.name] = int(primary[table.identity] or 0)

    def _key(self, table: Table, row: Row) -> dict[str, Stored]:
        return {name: self._stored(table, table.key_column(name), value) for name, value in row.key.items()}

    def _values(self, table: Table, given: Given) -> dict[str, Stored]:
        """Return what is known and has a column."""
        held = {name: self._stored(table, table.columns[name], given[name]) for name in self.schema.known(table, given)}
        return {name: value for name, value in held.items() if value is not None}

    def _stored(self, table: Table, column: Column, value: Value | Ref) -> Stored:
        return stored(table.name, column, self._resolved(value))

    def _resolved(self, value: Value | Ref) -> Value:
        if not isinstance(value, Ref):
            return value
        if value.row not in self.ids:
            raise InputError("rows", f"a reference to {value.row}, which has no id", "references to rows with ids")
        return self.ids[value.row]

    def _insert(self, table: Table, key: Mapping[str, Stored], values: Mapping[str, Stored]) -> dict[str, Stored]:
        """Insert a row, and the link by which it is known; return its primary key."""
        given = values if table.link else {**key, **values}
        identity = self._insert_into(table, given)
        primary = {name: identity if name == table.identity else given[name] for name in table.primary}
        if table.link:
            self._insert_into(table.link, {**key, **primary})
        return primary

    def _insert_into(self, table: Table, given: Mapping[str, Stored]) -> int:
        statement = insert(table.clause).values(_written(table, given))
        with speaking_of(table.name):
            return int(self.connection.execute(statement).lastrowid or 0)

    def _update(self, table: Table, found: Found, values: Mapping[str, Stored]) -> None:
        changed = {name: value for name, value in values.items() if _counts(table, found.values[name], value)}
        if not changed:
            return
        assignments = _written(table, changed)
        if table.name == _MOVIE:
            # Otherwise the database sets it to now with each change, and it is when the movie was taken.
            assignments["createdTimeStamp"] = table.clause.c.createdTimeStamp
        statement = update(table.clause).where(_at(table, found)).values(assignments)
        with speaking_of(table.name):
            self.connection.execute(statement)


def _counts(table: Table, there: Stored, value: Stored) -> bool:
    """Tell whether a value is news. The movies are not ours alone: we only add to them what nobody has said."""
    return there is None if table.name == _MOVIE else there != value


def _at(table: Table, found: Found) -> ColumnElement[bool]:
    return and_(*(table.clause.c[name] == value for name, value in found.primary.items()))


def _written(table: Table, given: Mapping[str, Stored]) -> dict[str, object]:
    return {name: writing(table.columns[name], value) for name, value in given.items() if value is not None}
