"""What the stand-ins for programs of IMOD share: where they are installed, their options, and their geometry.

An image of n pixels reaches from 0 to n, its centre is n / 2, and pixel i is at i + 1/2.
"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from stand_ins.installing import install, record

VERSION = "4.11.25"


def install_imod(folder: Path) -> Path:
    """Install all stand-ins for IMOD as IMOD itself is laid out; return the folder of the programs."""
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "VERSION").write_text(f"{VERSION}\n")
    for program in ("batchruntomo", "newstack", "ctfphaseflip", "tilt"):
        install(program, folder / "bin")
    return folder / "bin"


def standard_input(program: str, known: dict[str, str]) -> dict[str, list[str]]:
    """Return the options that were typed, by their names in lower case; end as IMOD does if one is not known."""
    if sys.argv[1:] != ["-StandardInput"]:
        sys.exit(f"ERROR: {program} - options are expected on standard input")
    lines = [line.strip() for line in sys.stdin.read().splitlines() if line.strip()]
    record(lines)
    found: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.replace("\t", " ").partition(" ")
        if name.lower() not in known:
            sys.stdout.write(f"ERROR: {program} - Illegal option: {name}\n")
            sys.exit(1)
        found.setdefault(name.lower(), []).append(value.strip())
    return found


def require(program: str, path: str) -> Path:
    """End as IMOD does if a file is not there."""
    if not Path(path).is_file():
        sys.stdout.write(f"ERROR: {program} - Opening file {path}\n")
        sys.exit(1)
    return Path(path)


def numbers(text: str) -> list[float]:
    """Return the numbers of an option."""
    return [float(word) for word in text.replace(",", " ").split()]


def turned_back(axis: float) -> npt.NDArray[np.float64]:
    """Return the linear part of a transform that makes the tilt axis upright."""
    angle = np.radians(axis)
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
