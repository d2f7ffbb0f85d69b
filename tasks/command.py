"""The only door to other programs: build their flags, run them, and end them with all their children."""

import errno
import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import psutil

from tasks import programs
from tasks.causes import cause
from tasks.errors import CommandError
from tasks.guarding import finish, started
from tasks.models import Model
from tasks.settings import site
from tasks.starting import Start, start

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    program: str | None = None,
) -> str:
    """Run a program and return what it printed (both streams).

    ``answers`` are typed to it line by line; ``log`` keeps the output; ``timeout`` in seconds (default: the site's).
    ``program`` is the word for which the site says how it is started, if it is not the first one, as with mpirun.
    However this call ends, no process of the program is left. Raises CommandError if the program cannot be started,
    exits with another status than 0, or takes too long.
    """
    command = _prepared(arguments, cwd, environment, program)
    typed = "".join(f"{_word(answer)}\n" for answer in answers).encode()
    with _output(log) as output:
        status = finish(command, cwd, typed, output, timeout or site().command_timeout)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if status != 0:
        raise CommandError(_story(_named(str(arguments[0]), program), _ending(status), text, _want_of_space(cwd)), log)
    return text


def find(program: str, owner: str | None = None) -> str | None:
    """Return where a program is, for one that the site has started in its own way: there; None if it is not found.

    ``owner`` is the program whose way it is, as the one that mpirun starts.
    """
    environment = programs.entry(owner or program)
    if environment is None:
        return shutil.which(program)
    name = programs.word(program, environment)
    try:
        said = run(
            ["/bin/sh", "-c", 'command -v "$0"', name], cwd=Path(tempfile.gettempdir()), program=owner or program
        )
    except CommandError:
        return None
    return said.strip().rsplit("\n", maxsplit=1)[-1]


def installation(program: str) -> str:
    """Return what changes when another installation of a program takes its place: when it must be asked again."""
    environment = programs.entry(program)
    if environment is None:
        found = shutil.which(program)
        return f"{found} {Path(found).stat().st_mtime_ns}" if found else ""
    return environment.model_dump_json()


def _prepared(
    arguments: Sequence[str | os.PathLike[str]],
    cwd: Path,
    environment: dict[str, str] | None,
    program: str | None = None,
) -> Start:
    words = [os.fspath(word) for word in arguments]
    return start(words, program or words[0], cwd, environment or {})


def _named(first: str, program: str | None) -> str:
    """Name the program that is meant, and what starts it, which may be what is missing or fails."""
    return first if program in {None, first} else f"{program} (started by {first})"


def _story(program: str, ending: str, text: str, more: str) -> str:
    """Say how a program ended: first why, if that can be told from all it said, then the end of it."""
    why = cause(f"{text}\n{more}", ending)
    said = f"{text[-_TAIL:].strip()}\n{more}".strip()
    return f"{program} {ending}{f': {why}' if why else ''}; it last said:\n{said}"


def _want_of_space(folder: Path) -> str:
    """Say that a disk is full: what the program said of it may have found no place in its log."""
    full = shutil.disk_usage(folder).free < _LEAST_SPACE
    return f"(in {folder}: {os.strerror(errno.ENOSPC)})" if full else ""


@contextmanager
def service(
    arguments: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path,
    log: Path,
    environment: dict[str, str] | None = None,
) -> "Iterator[psutil.Process]":
    """Keep a program running while the block runs; afterwards interrupt it, and kill what is left of it."""
    with log.open("wb") as output, started(_prepared(arguments, cwd, environment), cwd, output) as process:
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
