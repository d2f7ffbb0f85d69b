"""The lock of a project, which RELION and the pipeliner of CCP-EM respect: a folder that one of them makes."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tasks.project.writing import STATE

LOCK_SECONDS = 60.0
"""How long RELION and the pipeliner wait for each other, too."""
_POLL = 0.2


@contextmanager
def locked(project: Path, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the lock of a project; TimeoutError if another does not give it back.

    The lock of another is never broken, for a person may be working in the project; one that a killed process of ours
    has left on this machine is.
    """
    folder = project / ".relion_lock"
    holder = folder / "lock_default_pipeline.star"
    _take(folder, holder, seconds)
    try:
        holder.write_text(_signature(os.getpid()))
        yield
    finally:
        holder.unlink(missing_ok=True)
        folder.rmdir()


@contextmanager
def alone(project: Path) -> Iterator[None]:
    """Be the only one of us who writes a project; TimeoutError at once if another does."""
    with (project / STATE / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TimeoutError(f"{project} is being written by another process") from None
        yield


def _take(folder: Path, holder: Path, seconds: float) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if time.monotonic() > until:
                message = f"{folder} has been there for {seconds:g} s: RELION, doppio or another run holds the project"
                raise TimeoutError(message) from None
            if not _remove_remains(holder):
                time.sleep(_POLL)
        else:
            return


def _remove_remains(holder: Path) -> bool:
    """Remove the lock of a process of ours that has died, and tell whether there was one."""
    try:
        words = holder.read_text().split()
        if len(words) != 3 or words[:2] != _signature(0).split()[:2] or psutil.pid_exists(int(words[2])):
            return False
        # Of two that find the same remains, one fails here and goes on waiting.
        holder.unlink()
        holder.parent.rmdir()
    except OSError:
        return False
    return True


def _signature(process: int) -> str:
    return f"cryoem-flows {socket.gethostname()} {process}"
