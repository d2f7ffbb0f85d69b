"""What kind of failure an error is, which decides whether and when the work is tried again."""

import errno
import platform

from tasks.causes import cause
from tasks.errors import CommandError, InputError, ResultError
from tasks.ledger import Failure, FailureKind

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
# Libraries for GPUs have errors of these kinds only.
_SPEAKING = (CommandError, RuntimeError, AssertionError)


def failure_of(error: BaseException) -> Failure:
    """Return an error as the ledger keeps it."""
    log = error.log if isinstance(error, CommandError) else None
    kind, reason = _kind(error), str(error) or type(error).__name__
    return Failure(kind=kind, reason=f"on {platform.node()}: {reason}" if kind == "no-gpu" else reason, log=log)


def _kind(error: BaseException) -> FailureKind:
    if isinstance(error, (InputError, ResultError)):
        return "bad-data"
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        return "disk-full"
    if isinstance(error, FileNotFoundError):
        return "missing-input"
    if isinstance(error, MemoryError):
        return "out-of-memory"
    return _kind_by_words(str(error)) if isinstance(error, _SPEAKING) else "tool-error"


def _kind_by_words(said: str) -> FailureKind:
    """Tell from what was said; a program that crashes is tried again as any other that fails."""
    why = cause(said)
    return "tool-error" if why is None or why.kind == "crash" else why.kind
