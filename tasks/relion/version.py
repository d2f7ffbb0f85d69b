"""Which RELION is installed, and what it can do."""

import re
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from tasks.command import installation, run
from tasks.errors import CommandError, InputError


class RelionVersion(NamedTuple):
    """A version of RELION; versions compare by their numbers."""

    major: int
    minor: int = 0
    patch: int = 0

    @property
    def program(self) -> str:
        """Name and version."""
        return f"RELION {self.major}.{self.minor}.{self.patch}"

    def require(self, oldest: "RelionVersion", feature: str, otherwise: str) -> None:
        """Refuse a feature that came with a later version."""
        if self < oldest:
            raise InputError(feature, self.program, f"RELION {oldest.major}.{oldest.minor} or later, or {otherwise}")


OLDEST = RelionVersion(3, 1)
"""The first version that knows optics groups."""
GRADIENT = RelionVersion(4)
"""The first version with the gradient algorithm VDAM, the class ranker, and symmetry that is applied in one go."""
BLUSH = RelionVersion(5)
"""The first version with Blush regularisation."""


def relion_version(executable: str) -> RelionVersion:
    """Ask a program of RELION for its version; each is asked once."""
    return _ask(executable, installation(executable))


@lru_cache(maxsize=64)
def _ask(executable: str, _installation: str) -> RelionVersion:
    version = read_version(run([executable, "--version"], cwd=Path(tempfile.gettempdir())))
    version.require(OLDEST, executable, "another program")
    return version


def read_version(text: str) -> RelionVersion:
    """Read the answer to --version."""
    match = re.search(r"RELION version:\s*(\d+)\.(\d+)(?:\.(\d+))?", text)
    if match is None:
        raise CommandError(f"no version of RELION in: {text[:200].strip() or 'no output'}")
    return RelionVersion(*(int(number or 0) for number in match.groups()))
