"""The ice in which particles lie, in a form by which RELION can select them."""

from pathlib import Path

import numpy as np
import pandas as pd

from tasks.errors import FormatError
from tasks.formats.star import read_star, write_star
from tasks.ice_thickness.light import UNIT, Numbers, thickness_at
from tasks.models import IceOfParticles, IceThickness

_PLACE = ["rlnCoordinateX", "rlnCoordinateY"]
# RELION selects by columns that it knows only; this is the one that IceBreaker's users look for.
_GROUP, _THICKNESS = "rlnHelicalTubeID", "iceThickness"


def read_picks(path: Path) -> tuple[pd.DataFrame, Numbers]:
    """Return the table of picks, and the (count, 2) places in it, x and y in pixels."""
    blocks = [block if isinstance(block, pd.DataFrame) else pd.DataFrame([block]) for block in read_star(path).values()]
    tables = [block for block in blocks if set(_PLACE) <= set(block)]
    if not tables:
        raise FormatError(path, "no table of coordinates", " and ".join(_PLACE))
    return tables[0], tables[0][_PLACE].to_numpy(np.float64)


def write_ice(star: Path, picks: pd.DataFrame, light: Numbers, ice: IceThickness) -> IceOfParticles:
    """Write picks with the ice that they lie in, from the light about each."""
    thickness = thickness_at(light, ice)
    groups = np.floor(UNIT * light).astype(np.int64)
    write_star(star, {"": picks.assign(**{_GROUP: groups, _THICKNESS: thickness})})
    thinnest, median, thickest = np.percentile(thickness, (0, 50, 100)).tolist() if len(picks) else (None, None, None)
    return IceOfParticles(
        star=star, count=len(picks), thinnest=thinnest, median=median, thickest=thickest, program=ice.program
    )
