"""Write the rows of deliveries within a transaction: what is there is brought up to date, the rest is inserted.

Rows of one table are looked for and inserted together, whichever delivery they are of.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Insert, and_, bindparam, insert, text, update

from tasks.ispyb.codes import speaking_of
from tasks.ispyb.columns import BUFFER, Schema, Table
from tasks.ispyb.delivery import Delivery
from tasks.ispyb.errors import Rejected
from tasks.ispyb.finding import Found, Key, find
from tasks.ispyb.rows import Row
from tasks.ispyb.values import Stored, writing

_REMEMBER = text(
    f"INSERT INTO {BUFFER} (AutoProcProgramID, UUID, Reference) VALUES (:program, :uuid, :reference)"  # noqa: S608
    " ON DUPLICATE KEY UPDATE Reference = VALUES(Reference)"
)
_MOVIE = "Movie"


class _Wanted(NamedTuple):
    """A row that shall be there."""

    delivery: Delivery
    row: Row
    key: Key
    values: dict[str, Stored]


@dataclass(frozen=True)
class Writer:
    """Writes deliveries in the transaction of a connection."""

    connection: Connection
    schema: Schema

    def write(self, deliveries: Sequence[Delivery]) -> None:
        """Update the rows that are there and differ, and insert the others."""
        left = [(delivery, row) for delivery in deliveries for row in delivery.rows]
        while left:
            # All that the first one refers to is done with.
            table, keyed = left[0][1].table, left[0][1].key.keys()
            now: dict[tuple[Stored, ...], _Wanted] = {}
            left = [
                (delivery, row)
                for delivery, row in left
                if (row.table, row.key.keys()) != (table, keyed) or not self._is_next(now, delivery, row)
            ]
            if now:
                self._write(self.schema.tables[table], list(now.values()))
        self._remember(deliveries)

    def look_up(self, delivery: Delivery) -> None:
        """Find the rows without writing them; one that refers to a missing row is missing."""
        for row in delivery.rows:
            table = self.schema.table(row.table)
            if table and row.references <= delivery.ids.keys():
                [found] = find(self.connection, table, [delivery.key(table, row)], ())
                if found:
                    delivery.know(row, table, found.primary)

    def _is_next(self, now: dict[tuple[Stored, ...], _Wanted], delivery: Delivery, row: Row) -> bool:
        """Add a row to those that are written now; if it waits for another, or is the same as another, it is not."""
        if not row.references <= delivery.over:
            return False
        table = self.schema.table(row.table)
        if table is None:
            delivery.over.add(row.name)
            return True
        key = delivery.key(table, row)
        same = tuple(key.values())
        if same in now:
            return False
        values = delivery.values(table, row.values, self.schema.known(table, row.values))
        now[same] = _Wanted(delivery, row, key, values)
        return True

    def _write(self, table: Table, wanted: Sequence[_Wanted]) -> None:
        names = dict.fromkeys(name for each in wanted for name in each.values)
        there = find(self.connection, table, [each.key for each in wanted], names)
        new = []
        for each, found in zip(wanted, there, strict=True):
            each.delivery.over.add(each.row.name)
            if found:
                self._update(table, found, each.values)
                each.delivery.know(each.row, table, found.primary)
            else:
                new.append(each)
        self._insert(table, new)

    def _insert(self, table: Table, new: Sequence[_Wanted]) -> None:
        """Insert rows, and the links by which they are known; how the database numbers several at once is its own."""
        if len(new) == 1 or table.link:
            for each in new:
                each.delivery.know(each.row, table, self._insert_one(table, each))
            return
        alike = defaultdict[tuple[str, ...], list[dict[str, Stored]]](list)
        for each in new:
            given = _given({**each.key, **each.values})
            alike[tuple(given)].append(given)
        for rows in alike.values():
            self._insert_into(table, rows)
        if new and table.identity:
            for each, found in zip(new, find(self.connection, table, [each.key for each in new], ()), strict=True):
                if found is None:
                    raise Rejected(table.name, "", "a row that was inserted is not there")
                each.delivery.know(each.row, table, found.primary)

    def _insert_one(self, table: Table, new: _Wanted) -> dict[str, Stored]:
        given = _given(new.values if table.link else {**new.key, **new.values})
        identity = self._insert_into(table, [given])
        primary = {name: identity if name == table.identity else given[name] for name in table.primary}
        if table.link:
            self._insert_into(table.link, [_given({**new.key, **primary})])
        return primary

    def _insert_into(self, table: Table, rows: Sequence[Mapping[str, Stored]]) -> int:
        """Insert rows with the same columns; return the number of the first."""
        given = [{_place(name): value for name, value in row.items()} for row in rows]
        with speaking_of(table.name):
            return int(self.connection.execute(_insertion(table, tuple(rows[0])), given).lastrowid or 0)

    def _update(self, table: Table, found: Found, values: Mapping[str, Stored]) -> None:
        changed = {name: value for name, value in values.items() if _counts(table, found.values[name], value)}
        if not changed:
            return
        assignments = {name: writing(table.columns[name], value) for name, value in changed.items()}
        if table.name == _MOVIE:
            # Otherwise the database sets it to now with each change, and it is when the movie was taken.
            assignments["createdTimeStamp"] = table.clause.c.createdTimeStamp
        statement = update(table.clause).where(_at(table, found)).values(assignments)
        with speaking_of(table.name):
            self.connection.execute(statement)

    def _remember(self, deliveries: Sequence[Delivery]) -> None:
        """Keep ids under the numbers that Murfey gave the rows, for other writers."""
        values = [
            {"program": row.program, "uuid": row.uuid, "reference": delivery.ids[row.name]}
            for delivery in deliveries
            for row in delivery.rows
            if row.uuid is not None and row.name in delivery.ids
        ]
        if values and self.schema.table(BUFFER):
            with speaking_of(BUFFER):
                self.connection.execute(_REMEMBER, values)


@lru_cache
def _insertion(table: Table, names: tuple[str, ...]) -> Insert:
    """Return the statement that inserts rows with some columns."""
    return insert(table.clause).values({name: writing(table.columns[name], bindparam(_place(name))) for name in names})


def _place(name: str) -> str:
    return f"given_{name}"


def _given(values: Mapping[str, Stored]) -> dict[str, Stored]:
    return {name: value for name, value in values.items() if value is not None}


def _counts(table: Table, there: Stored, value: Stored) -> bool:
    """Tell whether a value is news. The movies are not ours alone: we only add to them what nobody has said."""
    return there is None if table.name == _MOVIE else there != value


def _at(table: Table, found: Found) -> ColumnElement[bool]:
    return and_(*(table.clause.c[name] == value for name, value in found.primary.items()))
