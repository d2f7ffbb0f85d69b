"""Versions of programs that are Python packages, asked of the Python that has them."""

import tempfile
from functools import lru_cache
from pathlib import Path

from tasks.command import find, installation, run
from tasks.errors import CommandError, ResultError

# The Python of an environment lies beside its programs. Old ones do not know importlib.metadata.
_ASK = 'python="$(dirname "$1")/python"; [ -x "$python" ] || python=python; exec "$python" -c "$2" "$3"'
_SAY = """\
import sys
try:
    from importlib.metadata import version
except ImportError:
    from pkg_resources import get_distribution
    version = lambda name: get_distribution(name).version
print(version(sys.argv[1]))
"""


def distribution_version(executable: str, distribution: str) -> str:
    """Return the version of the package that a program belongs to."""
    return _ask(executable, distribution, installation(executable))


@lru_cache(maxsize=64)
def _ask(executable: str, distribution: str, _installation: str) -> str:
    found = find(executable)
    if found is None:
        raise CommandError(f"{executable} was not found")
    words = ["/bin/sh", "-c", _ASK, "sh", found, _SAY, distribution]
    try:
        said = run(words, cwd=Path(tempfile.gettempdir()), program=executable).split()
    except CommandError as error:
        raise ResultError(f"the Python beside {found} does not say which {distribution} it has: {error}") from error
    if not said:
        raise ResultError(f"the Python beside {found} says nothing about {distribution}")
    return said[-1]
