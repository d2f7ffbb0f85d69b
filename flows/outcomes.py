"""What kind of failure an error is, which decides whether and when the work is tried again."""

import errno

from tasks.errors import CommandError, InputError, ResultError
from tasks.ledger import Failure, FailureKind

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


def failure_of(error: BaseException) -> Failure:
    """Return an error as the ledger keeps it."""
    return Failure(kind=_kind(error), reason=str(error) or type(error).__name__)


def _kind(error: BaseException) -> FailureKind:
    if isinstance(error, (InputError, ResultError)):
        return "bad-data"
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        return "disk-full"
    if isinstance(error, FileNotFoundError):
        return "missing-input"
    if isinstance(error, MemoryError):
        return "out-of-memory"
    if isinstance(error, CommandError) and "licen" in str(error).lower():
        return "no-licence"
    return "tool-error"
