"""The header of MRC files: what it says, checked against the size of the file.

Format: MRC2014 (doi:10.1016/j.jsb.2015.04.002) with the marks that IMOD, SerialEM and RELION add to it.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from mrcfile.dtypes import HEADER_DTYPE

from tasks.errors import FormatError
from tasks.models import Model

HEADER_BYTES = 1024
MODES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2", 101: "u1"}
_IMAGE_MODES = "mode 0, 1, 2, 6, 12 or 101 (real images)"
_IMOD_STAMP = 1146047817
_IMOD_SIGNED_BYTES = 1
_IMOD_TWO_PIXELS_PER_BYTE = 16
_Order = Literal["<", ">", "=", "|"]


class MrcHeader(Model):
    """What an MRC file holds."""

    shape: tuple[int, int, int]
    """Sections, rows and columns."""
    pixel_size: float | None
    """Pixel size in angstrom; none if the header does not say it."""
    mode: int
    """Number of the data type."""
    dtype: str
    """Data type of the stored numbers, as NumPy writes it; of 4-bit data, of the bytes."""
    packed: bool = False
    """Whether each byte holds two pixels of 4 bits, the lower bits first."""
    offset: int
    """Bytes before the data."""
    is_volume: bool
    """Whether the sections are a volume rather than separate images."""
    axes: tuple[int, int, int] = (3, 2, 1)
    """Along which axis sections, rows and columns follow each other: 1 is x, 2 is y, 3 is z."""

    @property
    def row_bytes(self) -> int:
        """Bytes of one row on disk."""
        columns = self.shape[2]
        return (columns + 1) // 2 if self.packed else columns * np.dtype(self.dtype).itemsize

    @property
    def section_bytes(self) -> int:
        """Bytes of one section on disk."""
        return self.shape[1] * self.row_bytes

    @property
    def file_bytes(self) -> int:
        """Bytes that a whole file has."""
        return self.offset + self.shape[0] * self.section_bytes


def read_header(path: Path, *, any_axes: bool = False) -> MrcHeader:
    """Read the header of an MRC file and check that all of its data are on disk.

    ``any_axes`` allows maps whose sections are not along z, as some from crystallography.
    """
    header = written_header(path)
    if not any_axes and header.axes != (3, 2, 1):
        found = f"sections, rows and columns along {' '.join('xyz'[axis - 1] for axis in header.axes)}"
        raise FormatError(path, found, "along z y x")
    size = path.stat().st_size
    planes, rows, columns = header.shape
    means = f"{header.file_bytes} bytes for {planes} sections of {columns} x {rows} pixels of mode {header.mode}"
    if size < header.file_bytes:
        raise FormatError(path, f"truncated: {size} bytes", means)
    if size >= header.file_bytes + header.section_bytes:
        # The header is written last by cameras, so that this is a movie of which only a part would be read.
        raise FormatError(path, f"more data than its header says: {size} bytes", means)
    return header


def written_header(path: Path) -> MrcHeader:
    """Read the header of an MRC file as it is, whatever of the data is on disk."""
    return _interpret(path, raw_header(path))


def raw_header(path: Path) -> npt.NDArray[Any]:
    """Return the header as a record of the byte order of the file."""
    if not path.is_file():
        raise FormatError(path, "no such file", "an MRC file")
    size = path.stat().st_size
    if size < HEADER_BYTES:
        raise FormatError(path, f"{size} bytes", f"an MRC file, whose header alone has {HEADER_BYTES} bytes")
    orders: tuple[_Order, ...] = ("<", ">")
    for order in orders:
        raw = np.fromfile(path, HEADER_DTYPE.newbyteorder(order), 1)
        if _is_plausible(raw[0]):
            return raw
    found = f"not an MRC header (it begins with {path.open('rb').read(16).hex(' ')})"
    raise FormatError(path, found, f"an MRC file of {_IMAGE_MODES}")


def _is_plausible(raw: np.void) -> bool:
    """Tell whether a record can be an MRC header; old programs write neither the word MAP nor the byte order."""
    sizes = all(0 < int(raw[name]) < 2**24 for name in ("nx", "ny", "nz"))
    axes = {int(raw[name]) for name in ("mapc", "mapr", "maps")}
    return sizes and 0 <= int(raw["mode"]) <= 101 and axes in ({1, 2, 3}, {0}) and int(raw["nsymbt"]) >= 0


def _interpret(path: Path, raw: npt.NDArray[Any]) -> MrcHeader:
    """Say in the terms of this project what a header means."""
    fields = raw[0]
    mode = int(fields["mode"])
    if mode not in MODES:
        raise FormatError(path, f"mode {mode}", _IMAGE_MODES)
    order = raw.dtype["nx"].byteorder
    columns = int(fields["nx"])
    stamp, flags = _imod_marks(fields, order)
    packed = mode == 101 or bool(mode == 0 and stamp and flags & _IMOD_TWO_PIXELS_PER_BYTE)
    unsigned = packed or (mode == 0 and stamp and not flags & _IMOD_SIGNED_BYTES)
    return MrcHeader(
        # IMOD counts bytes instead of pixels if it packs mode 0.
        shape=(int(fields["nz"]), int(fields["ny"]), columns * 2 if packed and mode == 0 else columns),
        pixel_size=_pixel_size(fields),
        mode=mode,
        dtype="|u1" if unsigned else np.dtype(MODES[mode]).newbyteorder(order).str,
        packed=packed,
        offset=HEADER_BYTES + int(fields["nsymbt"]),
        is_volume=int(fields["ispg"]) > 0,
        axes=(int(fields["maps"]) or 3, int(fields["mapr"]) or 2, int(fields["mapc"]) or 1),
    )


def _imod_marks(fields: np.void, order: _Order) -> tuple[bool, int]:
    """Return whether IMOD or SerialEM wrote the file, and its flags: they write bytes unsigned unless they say so."""
    stamp, flags = np.frombuffer(bytes(fields["extra2"]), np.dtype("i4").newbyteorder(order), 2, offset=40)
    return int(stamp) == _IMOD_STAMP, int(flags)


def _pixel_size(fields: np.void) -> float | None:
    """Return the pixel size along x in angstrom if there is one."""
    steps = int(fields["mx"])
    size = float(fields["cella"]["x"]) / steps if steps > 0 else 0.0
    return size if size > 0 and np.isfinite(size) else None


def describe(shape: tuple[int, ...]) -> str:
    """Say a shape as columns x rows (x sections), as microscopists do."""
    return " x ".join(str(length) for length in reversed(shape))
