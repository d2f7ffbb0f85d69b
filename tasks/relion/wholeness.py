"""Which iterations of a run that was killed are whole."""

import re
from pathlib import Path

from tasks.errors import FormatError
from tasks.formats.star_rows import read_loops


def last_whole(folder: Path, particles: int, below: int | None = None) -> int | None:
    """Return the number of the last iteration of which all was written, after the first, which is the start."""
    found = (re.fullmatch(r"run_it(\d+)_optimiser\.star", path.name) for path in folder.glob("run_it*_optimiser.star"))
    numbers = sorted((int(match[1]) for match in found if match), reverse=True)
    wanted = (number for number in numbers if number > 0 and (below is None or number < below))
    return next((number for number in wanted if _is_whole(folder / f"run_it{number:03d}_data.star", particles)), None)


def _is_whole(data: Path, particles: int) -> bool:
    """Tell whether a file of particles, which RELION writes last in an iteration, has all of them."""
    try:
        loop = read_loops(data)["particles"]
    except (FormatError, FileNotFoundError, KeyError):
        return False
    return len(loop.rows) == particles and len(loop.rows[-1].split()) == len(loop.columns)
