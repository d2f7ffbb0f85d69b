"""What CTFFIND 4 and 5 write beside their picture: the values of the fit and the radial averages."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.ctf_estimation.direction import turned
from tasks.ctf_estimation.profile import RadialProfile
from tasks.errors import FormatError, ResultError
from tasks.models import TiltGeometry

Table = npt.NDArray[np.float64]

_VERSION = re.compile(r"^# Output from CTFFind version (?P<version>[\d.]+)", re.MULTILINE)
_BANNER = re.compile(r"^\s*Version\s*:\s*(?P<version>\d\S*)", re.MULTILINE)
# The last title of CTFFIND 5 has no dash.
_TITLE = re.compile(r"#\d+ (?:- )?(?P<title>[^;\n]+)")
_VALUES = {
    "defocus_1": "defocus 1 [Angstroms]",
    "defocus_2": "defocus 2",
    "azimuth": "azimuth of astigmatism",
    "phase_shift": "additional phase shift [radians]",
    "score": "cross correlation",
    "resolution": "spacing (in Angstroms) up to which CTF rings were fit successfully",
}
_MORE = ("Estimated tilt axis angle", "Estimated tilt angle", "Estimated sample thickness (in Angstroms)")
"""In CTFFIND 5 only; 0 stands for what was not determined."""
_ROWS = {
    "frequency": "spatial frequency (1/Angstroms)",
    "observed": "1D rotational average of spectrum",
    "fit": "CTF fit",
    "correlation": "cross-correlation between spectrum and CTF fit",
}


@dataclass(frozen=True)
class CtffindValues:
    """The values of one micrograph."""

    version: str
    defocus_1: float
    """Angstrom, the larger one."""
    defocus_2: float
    """Angstrom."""
    azimuth: float
    """Degree, counter-clockwise from x."""
    phase_shift: float
    """Radian."""
    score: float
    resolution: float
    """Angstrom."""
    tilt: TiltGeometry | None = None
    """Of the specimen, if it was determined."""
    thickness: float | None = None
    """Of the specimen in angstrom, if it was determined."""


def read_banner(text: str) -> str:
    """Return name and version of the program from what it prints before its first question."""
    found = _BANNER.search(text)
    if not found:
        raise ResultError(f"no version of CTFFIND in {text.strip()[:200]!r}")
    return f"CTFFIND {found['version']}"


def read_values(path: Path) -> CtffindValues:
    """Read the text file of one micrograph."""
    text = path.read_text()
    titles, table = _titled(path, text)
    if table.shape[0] != 1:
        raise FormatError(path, f"{table.shape[0]} rows", "the row of one micrograph")
    values = {name: float(_named(path, titles, table.T, title)[0]) for name, title in _VALUES.items()}
    axis, angle, thickness = (float(table[0, titles.index(name)]) if name in titles else 0.0 for name in _MORE)
    return CtffindValues(
        version=_version(path, text),
        tilt=tilt_of(axis, angle) if angle else None,
        thickness=thickness if thickness > 0 else None,
        **values,
    )


def tilt_of(axis: float, angle: float) -> TiltGeometry:
    """Return a tilt in our terms.

    CTFFIND says that the defocus grows by ``tan(angle) * (x sin(axis) + y cos(axis))``. For us it grows, where that is
    the usual sign (a handedness of -1), along a direction counter-clockwise from x by the angle of the axis from y.
    """
    ours = turned(90 - axis)
    # After half a turn of the axis the same tilt has the other sign.
    is_opposite = round((90 - axis - ours) / 180) % 2 == 1
    return TiltGeometry(angle=-angle if is_opposite else angle, axis_angle=ours)


def read_averages(path: Path) -> RadialProfile:
    """Read the radial averages (_avrot.txt) of one micrograph; their background is removed already."""
    titles, table = _titled(path, path.read_text())
    rows = {name: _named(path, titles, table, title) for name, title in _ROWS.items()}
    return RadialProfile(background=np.zeros_like(rows["frequency"]), **rows)


def _version(path: Path, text: str) -> str:
    found = _VERSION.search(text)
    if found is None:
        raise FormatError(path, "no version", 'a line "# Output from CTFFind version"')
    return found["version"]


def _titled(path: Path, text: str) -> tuple[list[str], Table]:
    """Return the titles in the last comment, and the table below."""
    lines = text.splitlines()
    comments = [line for line in lines if line.startswith("#")]
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    titles = [match["title"].strip() for match in _TITLE.finditer(comments[-1])] if comments else []
    if not rows or len({len(row) for row in rows}) != 1:
        raise FormatError(path, f"{len(rows)} rows of values", "rows of equally many values")
    try:
        return titles, np.array(rows, np.float64)
    except ValueError as error:
        raise FormatError(path, str(error), "numbers") from None


def _named(path: Path, titles: list[str], rows: Table, title: str) -> Table:
    """Return the row of a title."""
    if title not in titles or len(titles) != len(rows):
        raise FormatError(path, f'{len(rows)} values titled "{", ".join(titles)}"', f'one titled "{title}"')
    row: Table = rows[titles.index(title)]
    return row
