"""What is asked of all programs of IMOD alike."""

from pathlib import Path

from tasks.command import run
from tasks.errors import CommandError

# All programs of IMOD need the variable; without it the folder above that of the program is IMOD's.
_VERSION = 'cat "${IMOD_DIR:-$(dirname "$(dirname "$(command -v "$0")")")}/VERSION"'


def version(executable: str) -> str:
    """Return the version of IMOD, as its folder tells it."""
    try:
        said = run(["/bin/sh", "-c", _VERSION, executable], cwd=Path.cwd(), program=executable)
    except CommandError as error:
        how = "must be in PATH with IMOD_DIR set, or started as CRYOEM_FLOWS_PROGRAMS says"
        raise CommandError(f"{executable} was not found: the programs of IMOD {how}") from error
    return f"IMOD {said.strip()}"
