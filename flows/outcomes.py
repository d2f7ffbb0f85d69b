"""What kind of failure an error is, which decides whether and when the work is tried again."""

import errno

from tasks.errors import CommandError, InputError, ResultError
from tasks.ledger import Failure, FailureKind

# Of the host, of a GPU, and by the kernel, which kills the largest process. The last one is RELION's.
_OUT_OF_MEMORY = (
    "out of memory",
    "bad_alloc",
    "memoryallocation",
    "cannot allocate memory",
    "ended by signal 9;",
    "allocate: no space left",
)
_NO_SPACE = ("no space left", "disk quota exceeded")
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


def failure_of(error: BaseException) -> Failure:
    """Return an error as the ledger keeps it."""
    log = error.log if isinstance(error, CommandError) else None
    return Failure(kind=_kind(error), reason=str(error) or type(error).__name__, log=log)


def _kind(error: BaseException) -> FailureKind:
    if isinstance(error, (InputError, ResultError)):
        return "bad-data"
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        return "disk-full"
    if isinstance(error, FileNotFoundError):
        return "missing-input"
    if isinstance(error, MemoryError):
        return "out-of-memory"
    return _kind_of_command(str(error).lower()) if isinstance(error, CommandError) else "tool-error"


def _kind_of_command(said: str) -> FailureKind:
    """Read what a program last said: all of them have the same few words for these."""
    if "licen" in said:
        return "no-licence"
    if any(words in said for words in _OUT_OF_MEMORY):
        return "out-of-memory"
    if any(words in said for words in _NO_SPACE):
        return "disk-full"
    return "tool-error"
