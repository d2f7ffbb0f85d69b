"""How Topaz is started; the steps that use it say what they want of it."""

import re
import sys
import tempfile
from pathlib import Path

from tasks import programs, topaz_launcher
from tasks.command import run
from tasks.errors import ResultError

THIS_PYTHON = "python"
"""Stands for the Python that runs this, unless the site says where Topaz is."""
_TOPAZ = "topaz"
DEVICES = {"cpu": "-1", "cuda": "0"}
"""What Topaz calls devices."""


def start(executable: str) -> list[str]:
    """Return how a command begins that runs Topaz in a Python that has it."""
    of_site = _TOPAZ if programs.entry(_TOPAZ) else sys.executable
    python = of_site if executable == THIS_PYTHON else executable
    return [python, str(Path(topaz_launcher.__file__).resolve())]


def topaz_version(executable: str) -> str:
    """Ask the Python that is said to have Topaz for name and version of it."""
    return read_version(run([*start(executable), "--version"], cwd=Path(tempfile.gettempdir())))


def read_version(log: str) -> str:
    """Return the name and version that Topaz was started with."""
    found = re.search(r"^topaz (\S+)", log, re.MULTILINE)
    if not found:
        raise ResultError("the output of Topaz does not begin with its version")
    return f"Topaz {found[1]}"
