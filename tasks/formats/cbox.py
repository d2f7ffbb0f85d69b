"""CBOX files, in which crYOLO keeps what it picked: STAR files since version 1.8, and plain tables before.

A box is kept by its corner of the lowest x and y; z is its centre. x counts columns, y rows and z sections of the MRC
file, from 0. All boxes above a low confidence are there, whatever the threshold was.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.errors import FormatError
from tasks.formats.star import read_table

Numbers = npt.NDArray[np.float64]

_NAMES = ("CoordinateX", "CoordinateY", "Width", "Height", "Confidence")
_ESTIMATES = ("EstWidth", "EstHeight")
_PLAIN = ("CoordinateX", "CoordinateY", "Width", "Height", "Confidence", *_ESTIMATES)


@dataclass(frozen=True)
class Boxes:
    """Boxes about particles."""

    centres: Numbers
    """(count, 3) x, y and z in pixels; z is NaN in micrographs."""
    confidences: Numbers
    sizes: Numbers
    """Estimated diameters in pixels; NaN where there is no estimate."""

    def where(self, mask: npt.NDArray[np.bool_]) -> "Boxes":
        """Return those of a mask."""
        return Boxes(self.centres[mask], self.confidences[mask], self.sizes[mask])


def read_cbox(path: Path) -> Boxes:
    """Read the boxes of one micrograph or tomogram."""
    table = read_table(path, "cryolo") if _is_star(path) else _read_plain(path)
    missing = [name for name in _NAMES if name not in table]
    if missing:
        raise FormatError(path, f"no columns {', '.join(missing)}", f"{', '.join(_NAMES)} of crYOLO")
    x, y, width, height, confidence = (_numbers(table, name) for name in _NAMES)
    if not np.isfinite([x, y, width, height, confidence]).all():
        raise FormatError(path, "boxes that are not numbers", "places, sizes and confidences")
    sizes = [_numbers(table, name) for name in _ESTIMATES]
    centres = np.stack([x + width / 2, y + height / 2, _numbers(table, "CoordinateZ")], axis=1)
    return Boxes(centres, confidence, np.mean(sizes, axis=0))


def _is_star(path: Path) -> bool:
    if not path.is_file():
        raise FormatError(path, "no such file", "boxes of crYOLO")
    return any(line.startswith("data_") for line in path.read_text(errors="replace").splitlines())


def _read_plain(path: Path) -> pd.DataFrame:
    """Read the table of crYOLO up to 1.7: no names, and no estimates of the size from some models."""
    rows = [line.split() for line in path.read_text(errors="replace").splitlines() if line.strip()]
    width = len(rows[0]) if rows else len(_PLAIN)
    if width < len(_NAMES) or any(len(row) != width for row in rows):
        raise FormatError(path, f"rows of {width} columns", f"{len(_NAMES)} or {len(_PLAIN)} columns of crYOLO")
    return pd.DataFrame([row[: len(_PLAIN)] for row in rows], columns=list(_PLAIN[:width]))


def _numbers(table: pd.DataFrame, name: str) -> Numbers:
    """Return a column; NaN where it is not there, or says <NA>."""
    if name not in table:
        return np.full(len(table), np.nan)
    return np.asarray(pd.to_numeric(table[name], errors="coerce"), np.float64)
