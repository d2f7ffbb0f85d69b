"""Coordinates of particles in STAR files: of micrographs as RELION's autopick writes them, of tomograms as RELION 5.

In micrographs x counts columns and y rows of the MRC file, both from 0, in pixels. In tomograms x, y and z are in
angstrom from the centre, where the middle of n voxels is voxel n // 2.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.errors import FormatError
from tasks.formats.star import read_star, read_table, write_star

Numbers = npt.NDArray[np.float64]

_PLACE = ["rlnCoordinateX", "rlnCoordinateY"]
_MERIT = "rlnAutopickFigureOfMerit"
_PLACE_IN_TOMOGRAM = [f"rlnCenteredCoordinate{axis}Angst" for axis in "XYZ"]
_TOMOGRAM = "rlnTomoName"


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


def write_tomogram_coordinates(path: Path, name: str, places: Numbers, merits: Numbers) -> None:
    """Write (count, 3) places in a tomogram, x, y and z, and the figure of merit of each; the best comes first."""
    order = np.argsort(-merits, kind="stable")
    table = pd.DataFrame(places[order].reshape(-1, 3), columns=_PLACE_IN_TOMOGRAM)
    table.insert(0, _TOMOGRAM, name)
    table[_MERIT] = merits[order]
    write_star(path, {"particles": table})


def read_tomogram_coordinates(path: Path) -> tuple[Numbers, Numbers]:
    """Read (count, 3) places in a tomogram, x, y and z in angstrom from its centre, and the figures of merit."""
    table = read_table(path, "particles")
    wanted = [*_PLACE_IN_TOMOGRAM, _MERIT]
    missing = [column for column in wanted if column not in table]
    if missing:
        raise FormatError(path, f"no columns {', '.join(missing)}", ", ".join(wanted))
    return table[_PLACE_IN_TOMOGRAM].to_numpy(np.float64), table[_MERIT].to_numpy(np.float64)
