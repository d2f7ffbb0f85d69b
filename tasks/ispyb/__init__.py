"""ISPyB: the rows that facilities show, written so that repeating changes nothing.

A delivery is a few rows that know each other by name. Each is found by what it is about (its natural key: no table has
a unique index), and inserted or updated, in one transaction with the numbers under which Murfey looks for it.
"""

from tasks.ispyb.credentials import credentials_file
from tasks.ispyb.database import Database, open_ispyb
from tasks.ispyb.errors import Away, IspybError, Orphaned, Rejected
from tasks.ispyb.rows import Ref, Row, Value, finite
from tasks.ispyb.status import Status

__all__ = [
    "Away",
    "Database",
    "IspybError",
    "Orphaned",
    "Ref",
    "Rejected",
    "Row",
    "Status",
    "Value",
    "credentials_file",
    "finite",
    "open_ispyb",
]
