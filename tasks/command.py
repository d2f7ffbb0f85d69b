"""The only door to other programs: build their flags, run them, and end them with all their children."""

import errno
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import psutil

from tasks.errors import CommandError
from tasks.models import Model
from tasks.settings import site

if TYPE_CHECKING:
    from collections.abc import Iterator

# The tool runs in a session of its own, so that its children can be ended with it. A watcher in that session waits for
# the end of a pipe that only this process holds: however this process dies (cancelled, out of memory, killed), the
# pipe ends and the watcher kills the session. (Opened by its path: dash knows file descriptors of one digit only.)
_GUARDED = '{ read -r _ <&3; kill -KILL -$$; } & "$@" 3<&-; status=$?; kill -KILL $!; exit $status'
_TAIL = 2000
_LEAST_SPACE = 2**20
_GRACE = 10.0


@dataclass(frozen=True)
class Flag:
    """The command-line flag of a field: ``patches: Annotated[tuple[int, int], Flag("-Patch")]``."""

    name: str


def flags(tool: Model) -> list[str]:
    """Return the command-line flags of a tool's fields in the order of the fields; None is left out."""
    words: list[str] = []
    for field, information in type(tool).model_fields.items():
        value = getattr(tool, field)
        for flag in information.metadata:
            if isinstance(flag, Flag) and value is not None:
                values = value if isinstance(value, tuple) else (value,)
                words += [flag.name, *(_word(item) for item in values)]
    return words


def run(  # noqa: PLR0913 - a program needs all of these
    arguments: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path,
    answers: Sequence[object] = (),
    log: Path | None = None,
    timeout: float | None = None,
    environment: dict[str, str] | None = None,
) -> str:
    """Run a program and return what it printed (both streams).

    ``answers`` are typed to it line by line; ``log`` keeps the output; ``timeout`` in seconds (default: the site's).
    However this call ends, no process of the program is left. Raises CommandError if the program cannot be started,
    exits with another status than 0, or takes too long.
    """
    with _output(log) as output:
        status = _finish(arguments, cwd, answers, output, timeout or site().command_timeout, environment)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if status != 0:
        said = f"{text[-_TAIL:].strip()}\n{_want_of_space(cwd)}".strip()
        raise CommandError(f"{arguments[0]} {_ending(status)}; it last said:\n{said}", log)
    return text


def _want_of_space(folder: Path) -> str:
    """Say that a disk is full: what the program said of it may have found no place in its log."""
    full = shutil.disk_usage(folder).free < _LEAST_SPACE
    return f"(in {folder}: {os.strerror(errno.ENOSPC)})" if full else ""


def _finish(  # noqa: PLR0913, PLR0917
    arguments: Sequence[str | os.PathLike[str]],
    cwd: Path,
    answers: Sequence[object],
    output: IO[bytes],
    timeout: float,
    environment: dict[str, str] | None,
) -> int | str:
    """Run the program to its end and return its status, or the word for another end."""
    with _started(arguments, cwd, output, environment) as process:
        try:
            process.communicate("".join(f"{_word(answer)}\n" for answer in answers).encode(), timeout=timeout)
        except subprocess.TimeoutExpired:
            return f"was killed because it took longer than {timeout:g} s"
        return process.returncode


@contextmanager
def service(
    arguments: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path,
    log: Path,
    environment: dict[str, str] | None = None,
) -> "Iterator[psutil.Process]":
    """Keep a program running while the block runs; afterwards interrupt it, and kill what is left of it."""
    with log.open("wb") as output, _started(arguments, cwd, output, environment) as process:
        family = psutil.Process(process.pid)
        try:
            yield family
        finally:
            descendants = family.children(recursive=True)
            os.killpg(process.pid, signal.SIGINT)
            _, left = psutil.wait_procs([family, *descendants], timeout=_GRACE)
            for survivor in left:
                with suppress(psutil.NoSuchProcess):
                    survivor.kill()
            psutil.wait_procs(left, timeout=_GRACE)


@contextmanager
def _started(
    arguments: Sequence[str | os.PathLike[str]], cwd: Path, output: IO[bytes], environment: dict[str, str] | None
) -> "Iterator[subprocess.Popen[bytes]]":
    """Start a guarded program; when the block ends, kill its session."""
    reader, writer = os.pipe()
    try:
        process = subprocess.Popen(
            [
                "/bin/sh",
                "-c",
                f"exec 3</proc/self/fd/{reader}; {_GUARDED}",
                "sh",
                *[os.fspath(word) for word in arguments],
            ],
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[reader],
            start_new_session=True,
            env=None if environment is None else {**os.environ, **environment},
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    finally:
        os.close(reader)
        os.close(writer)


@contextmanager
def _output(log: Path | None) -> "Iterator[IO[bytes]]":
    """Open the log, or a temporary file: a pipe would keep us waiting for children that outlive the program."""
    with tempfile.TemporaryFile() if log is None else log.open("w+b") as file:
        yield file


def _ending(status: int | str) -> str:
    if isinstance(status, str):
        return status
    if status == 127:
        return "was not found"
    if status < 0 or status > 128:
        return f"was ended by signal {abs(status) % 128}"
    return f"failed with status {status}"


def _word(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(int(value) if isinstance(value, bool) else value)
