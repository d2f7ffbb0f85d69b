"""What an error of MariaDB or MySQL means for a delivery.

Numbers: https://mariadb.com/docs/server/reference/error-codes and, from 2000 on, those of the driver.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from tasks.ispyb.errors import Away, IspybError, Orphaned, Rejected

# Not null, out of range, truncated, wrong date, no default, wrong value, too long, unknown time, too large, constraint.
_DATA = frozenset({1048, 1264, 1265, 1292, 1364, 1366, 1406, 1411, 1690, 4025})
# A foreign key fails.
_ORPHANED = frozenset({1216, 1452})
AT_ONCE = frozenset({1020, 1062, 1213})
"""Somebody was quicker (changed since read, duplicate, deadlock): the next try sees what they did."""

_COLUMN = re.compile(r"column (?:[`'][^`']*[`']\.)*[`']([^`']+)[`']", re.IGNORECASE)
_FOREIGN_KEY = re.compile(r"FOREIGN KEY \(`([^`]+)`\)")


@contextmanager
def speaking_of(table: str = "") -> Iterator[None]:
    """Raise what goes wrong with the database as an error of ours, which names the table."""
    try:
        yield
    except SQLAlchemyError as error:
        raise translated(error, table) from error


def translated(error: SQLAlchemyError, table: str) -> IspybError:
    """Return an error of ours: what is not known to be the fault of the data may pass."""
    if not isinstance(error, DBAPIError):
        return Away(str(error))
    reason = getattr(error.orig, "msg", None) or str(error.orig)
    code = getattr(error.orig, "errno", None)
    if error.connection_invalidated or code in AT_ONCE:
        return Away(reason, code)
    if code in _ORPHANED:
        return Orphaned(table, _first(_FOREIGN_KEY, reason), "its row is not there")
    if code in _DATA or isinstance(error, DataError | IntegrityError):
        return Rejected(table, _first(_COLUMN, reason), reason)
    return Away(reason, code)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
