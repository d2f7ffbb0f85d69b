"""Tilt angles that SerialEM and Thermo Fisher software write into the extended header of a stack."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from mrcfile.dtypes import get_ext_header_dtype

from tasks.formats.mrc_header import HEADER_BYTES, raw_header, read_header

_TILT_ANGLE = 1
"""Flag of SerialEM: the first number of each section is its tilt angle."""


def read_tilt_angles(path: Path) -> tuple[float, ...] | None:
    """Return the tilt angle of each section in degree; none if the header does not say it."""
    sections = read_header(path).shape[0]
    raw = raw_header(path)
    extended = np.fromfile(path, np.uint8, int(raw["nsymbt"][0]), offset=HEADER_BYTES)
    kind = bytes(raw["exttyp"][0])
    order = raw.dtype["nx"].byteorder
    if kind in {b"FEI1", b"FEI2"}:
        return _of_thermo_fisher(extended, sections, order)
    # Older files of SerialEM do not name the kind of their extended header.
    return _of_serialem(raw, extended, sections, order) if kind in {b"SERI", b""} else None


def _of_thermo_fisher(extended: npt.NDArray[np.uint8], sections: int, order: Any) -> tuple[float, ...] | None:  # noqa: ANN401
    """Read the records of the sections; the first number of a record is its size."""
    dtype = get_ext_header_dtype(b"FEI1").newbyteorder(order)
    if extended.size < dtype.itemsize:
        return None
    size = int(extended[:4].view(np.dtype("i4").newbyteorder(order))[0])
    if size < dtype.itemsize or extended.size < size * sections:
        return None
    records = extended[: size * sections].reshape(sections, size)[:, : dtype.itemsize]
    return tuple(float(np.frombuffer(record.tobytes(), dtype)["Alpha tilt"][0]) for record in records)


def _of_serialem(
    raw: npt.NDArray[Any],
    extended: npt.NDArray[np.uint8],
    sections: int,
    order: Any,  # noqa: ANN401 - of NumPy
) -> tuple[float, ...] | None:
    """Read the records of the sections; bytes 128 to 131 of the header are their size and what they hold."""
    short = np.dtype("i2").newbyteorder(order)
    size, flags = (int(number) for number in np.frombuffer(bytes(raw["extra2"][0]), short, 2, offset=16))
    if size < 2 or not 0 <= flags < 64 or not flags & _TILT_ANGLE or extended.size < size * sections:
        return None
    records = extended[: size * sections].reshape(sections, size)[:, :2]
    # Hundredths of a degree.
    return tuple(int(angle) / 100 for angle in np.ascontiguousarray(records).view(short)[:, 0])
