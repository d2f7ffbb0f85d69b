"""The text of STAR files, made fast, and always the same for the same values."""

import re
from collections.abc import Iterable, Mapping, Sequence

Value = str | int | float
_PLAIN = re.compile(r"[^\s#_'\"$;\[]\S*").fullmatch
"""What needs no quotes."""


def loop(name: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Return a block with a table."""
    labels = [f"_{column} #{number}" for number, column in enumerate(columns, 1)]
    lines = [" ".join(map(word, row)) for row in rows]
    return "\n".join(["", "# version 50001", "", f"data_{name}", "", "loop_", *labels, *lines, "", ""])


def table(name: str, rows: Sequence[Mapping[str, Value]]) -> str:
    """Return a block of rows that have the same columns."""
    return loop(name, list(rows[0]) if rows else [], [list(row.values()) for row in rows])


def pairs(name: str, values: Mapping[str, Value]) -> str:
    """Return a block with one value per name."""
    lines = [f"_{label} {word(value)}" for label, value in values.items()]
    return "\n".join(["", "# version 50001", "", f"data_{name}", "", *lines, "", ""])


def word(value: Value) -> str:
    """Return a value as one word."""
    if isinstance(value, str):
        return value if _PLAIN(value) else f'"{value}"'
    return f"{value:.9g}" if isinstance(value, float) else str(value)
