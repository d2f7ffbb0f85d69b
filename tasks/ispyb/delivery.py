"""A delivery while it is written: what its rows say, as the database holds it, once the rows before them have ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.errors import InputError
from tasks.ispyb.columns import Column, Table
from tasks.ispyb.rows import Ref, Row, Value
from tasks.ispyb.values import Stored, stored


@dataclass
class Delivery:
    """The rows of one delivery while they are written, parents first."""

    rows: Sequence[Row]
    ids: dict[str, int] = field(default_factory=dict)
    """The ids of the rows that are there, by name."""
    over: set[str] = field(default_factory=set)
    """The names of the rows that are done with."""

    def know(self, row: Row, table: Table, primary: Mapping[str, Stored]) -> None:
        """Remember a row that is there."""
        if table.identity:
            self.ids[row.name] = int(primary[table.identity] or 0)

    def key(self, table: Table, row: Row) -> dict[str, Stored]:
        """Return the key of a row as the database holds it."""
        return {name: self._stored(table, table.key_column(name), value) for name, value in sorted(row.key.items())}

    def values(self, table: Table, given: Mapping[str, Value | Ref], names: Sequence[str]) -> dict[str, Stored]:
        """Return what is known of some columns."""
        held = {name: self._stored(table, table.columns[name], given[name]) for name in names}
        return {name: value for name, value in held.items() if value is not None}

    def _stored(self, table: Table, column: Column, value: Value | Ref) -> Stored:
        return stored(table.name, column, self._resolved(value))

    def _resolved(self, value: Value | Ref) -> Value:
        if not isinstance(value, Ref):
            return value
        if value.row not in self.ids:
            raise InputError("rows", f"a reference to {value.row}, which has no id", "references to rows with ids")
        return self.ids[value.row]
