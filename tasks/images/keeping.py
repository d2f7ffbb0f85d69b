"""Keep pictures: each is made once of its files, and anew when one of them is newer."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from tasks.errors import FormatError


def keep(path: Path, sources: Sequence[Path], write: Callable[[Path], object]) -> Path:
    """Write a picture of some files, unless there is one that is as new as all of them.

    The picture carries the time of the newest file, and no clock of another computer matters. It has to be written
    whole or not at all: two may write it at once.
    """
    newest = max(_time(source) for source in sources)
    if not path.is_file() or path.stat().st_mtime_ns < newest:
        write(path)
        os.utime(path, ns=(newest, newest))
    return path


def _time(source: Path) -> int:
    try:
        return source.stat().st_mtime_ns
    except FileNotFoundError as reason:
        raise FormatError(source, "no such file", "a file to be pictured") from reason
