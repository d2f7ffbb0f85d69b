"""Where the programs of our own environment are."""

import sys
from pathlib import Path


def program(name: str) -> str:
    """Return the path of a program that is installed beside this Python, also if its folder is not searched."""
    return str(Path(sys.executable).parent / name)
