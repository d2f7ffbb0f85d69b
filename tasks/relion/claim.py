"""Whose a folder is: one run writes to it, and what is left of a run that was killed can be gone on with."""

import fcntl
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

_NAME = ".claimed"


@dataclass(frozen=True)
class Claim:
    """A folder that is ours: nobody else takes it over while this file is open and locked."""

    file: TextIO
    """Says what for."""

    def release(self) -> None:
        """Leave the folder to whoever wants to go on with it."""
        self.file.close()

    def forsake(self) -> None:
        """Leave the folder for good: going on with what is there leads nowhere."""
        self.file.truncate(0)
        self.file.close()


def take(folder: Path, purpose: str) -> Claim | None:
    """Claim a folder that nobody has claimed before."""
    try:
        file = (folder / _NAME).open("x+")
    except FileExistsError:
        return None
    # Where a file system has no locks, nobody can take over later.
    _lock(file)
    file.write(purpose)
    file.flush()
    return Claim(file)


def take_over(folder: Path, purpose: str) -> Claim | None:
    """Claim a folder that was claimed for the same purpose by somebody who is gone."""
    try:
        file = (folder / _NAME).open("r+")
    except FileNotFoundError:
        return None
    if purpose and file.read() == purpose and _lock(file):
        return Claim(file)
    file.close()
    return None


def _lock(file: TextIO) -> bool:
    """Lock a file until it is closed, or its process ends in whatever way."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
