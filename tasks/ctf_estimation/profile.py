"""The radial profile of a spectrum, as a table."""

from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.errors import FormatError
from tasks.formats.files import replacing

Numbers = npt.NDArray[np.floating]


@dataclass(frozen=True)
class RadialProfile:
    """Power along the radius, corrected for astigmatism and tilt."""

    frequency: Numbers
    """1 / angstrom."""
    observed: Numbers
    """Power; in units of its mean in the range of the fit, or the program's own."""
    fit: Numbers
    """Background and Thon rings."""
    background: Numbers
    correlation: Numbers
    """Local correlation of the observed with the fitted rings."""


_COLUMNS = ",".join(field.name for field in fields(RadialProfile))


def write_profile(path: Path, profile: RadialProfile) -> None:
    """Write a profile as comma-separated values with a line of names."""
    with replacing(path) as beside:
        np.savetxt(beside, np.stack(astuple(profile), axis=1), "%.6g", ",", header=_COLUMNS, comments="")


def read_profile(path: Path) -> RadialProfile:
    """Read a profile."""
    lines = path.read_text().splitlines()
    if not lines or lines[0] != _COLUMNS:
        raise FormatError(path, f"the columns {lines[0] if lines else 'none'}", _COLUMNS)
    columns = np.atleast_2d(np.loadtxt(lines[1:], delimiter=",")).T
    return RadialProfile(*columns)
