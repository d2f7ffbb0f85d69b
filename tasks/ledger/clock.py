"""The time, as the database tells it: the clocks of the machines that work differ, and jump.

Times are seconds since 1970 (UTC) as double precision, which both databases compare, subtract and index alike.
Nothing relies on the clock for safety: who may write is decided by the number of the attempt. A clock that jumps
forward gives items away too early (work is repeated, its first owner is refused); one that jumps backward is noticed
when leases expire, so that nothing waits for a time that never comes.
"""

from typing import Any

from sqlalchemy import Double
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class DatabaseClock(FunctionElement[float]):
    """The time of the statement by the clock of the database, in seconds since 1970."""

    type = Double()
    inherit_cache = True


NOW = DatabaseClock()


@compiles(DatabaseClock, "sqlite")
def _in_sqlite(_clock: DatabaseClock, _compiler: SQLCompiler, **_: Any) -> str:  # noqa: ANN401
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(DatabaseClock, "postgresql")
def _in_postgresql(_clock: DatabaseClock, _compiler: SQLCompiler, **_: Any) -> str:  # noqa: ANN401
    return "CAST(extract(epoch FROM statement_timestamp()) AS double precision)"
