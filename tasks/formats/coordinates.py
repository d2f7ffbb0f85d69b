"""Coordinates of particles in STAR files, as RELION's autopick writes them.

x counts columns and y rows of the MRC file, both from 0, in pixels of the micrograph.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.errors import FormatError
from tasks.formats.star import read_star, write_star

Numbers = npt.NDArray[np.float64]

_PLACE = ["rlnCoordinateX", "rlnCoordinateY"]
_MERIT = "rlnAutopickFigureOfMerit"


def write_coordinates(path: Path, places: Numbers, merits: Numbers) -> None:
    """Write (count, 2) places, x and y, and the figure of merit of each; the best comes first."""
    order = np.argsort(-merits, kind="stable")
    table = pd.DataFrame(places[order].reshape(-1, 2), columns=_PLACE)
    table[_MERIT] = merits[order]
    table["rlnClassNumber"] = 0
    table["rlnAnglePsi"] = 0.0
    write_star(path, {"": table})


def read_coordinates(path: Path) -> tuple[Numbers, Numbers]:
    """Read (count, 2) places, x and y, and the figure of merit of each (0 where the file has none)."""
    blocks = [block if isinstance(block, pd.DataFrame) else pd.DataFrame([block]) for block in read_star(path).values()]
    tables = [block for block in blocks if set(_PLACE) <= set(block)]
    if not tables:
        found = ", ".join(str(name) for block in blocks for name in block)
        raise FormatError(path, f"columns {found}", " and ".join(_PLACE))
    places = tables[0][_PLACE].to_numpy(np.float64)
    merits = tables[0][_MERIT].to_numpy(np.float64) if _MERIT in tables[0] else np.zeros(len(places))
    return places, merits
