"""Start a program under guard: whatever becomes of it or of us, none of its family is left."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

from tasks.starting import Start

# The tool runs in a session of its own, so that its children can be ended with it. A watcher in that session waits for
# the end of a pipe that only this process holds: however this process dies (cancelled, out of memory, killed), the
# pipe ends and the watcher kills the session. (Opened by its path: dash knows file descriptors of one digit only.)
# MPI puts what it starts into process groups of their own, so that all of the session are looked for in /proc: the
# third and fourth words after the name of a program, which may hold anything, are its group and session.
_KILL_SESSION = """\
for stat in /proc/[0-9]*/stat; do
    read -r line 2>/dev/null <"$stat" || continue
    number=${stat#/proc/}; number=${number%/stat}
    set -- ${line##*) }
    [ "$4" = $$ ] && [ "$3" != $$ ] && kill -KILL "$number"
done
kill -KILL -$$"""
_GUARDED = '{ read -r _ <&3; @ENDING@; @KILL@; } & "$@" 3<&-; status=$?; kill -KILL $!; exit $status'
_PATIENCE = 60.0


def finish(command: Start, cwd: Path, typed: bytes, output: IO[bytes], timeout: float) -> int | str:
    """Run the program to its end and return its status, or the word for another end."""
    with started(command, cwd, output) as process:
        try:
            process.communicate(typed, timeout=timeout)
        except subprocess.TimeoutExpired:
            return f"was killed because it took longer than {timeout:g} s"
        return process.returncode


@contextmanager
def started(command: Start, cwd: Path, output: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a guarded program; when the block ends, kill its session."""
    reader, writer = os.pipe()
    guarded = _GUARDED.replace("@ENDING@", command.ending).replace("@KILL@", _KILL_SESSION)
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec 3</proc/self/fd/{reader}; {guarded}", "sh", *command.words],
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[reader],
            start_new_session=True,
            env={**os.environ, **command.variables},
        )
        try:
            yield process
        finally:
            _end(process, command)
    finally:
        os.close(reader)
        os.close(writer)


def _end(process: subprocess.Popen[bytes], command: Start) -> None:
    """Kill the session of a program, and what is left of it elsewhere."""
    killed: set[int] = set()
    family = set(_descendants(process.pid)) if process.poll() is None else set()
    while left := (family | set(_session(process.pid))) - killed:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed |= left
    process.wait()
    if command.ending != Start.ending:
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(["/bin/sh", "-c", command.ending], check=False, timeout=_PATIENCE)


def _descendants(pid: int) -> Iterator[int]:
    """Return the processes that a process has started, also those that have made sessions of their own."""
    with suppress(psutil.NoSuchProcess):
        yield from (child.pid for child in psutil.Process(pid).children(recursive=True))


def _session(leader: int) -> Iterator[int]:
    """Return the processes of a session: MPI puts what it starts into groups of their own."""
    for pid in psutil.pids():
        with suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) == leader:
                yield pid
