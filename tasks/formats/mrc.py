"""Images, stacks and volumes in MRC files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from mrcfile.dtypes import HEADER_DTYPE

from tasks.errors import FormatError, InputError, ResultError
from tasks.formats.files import replacing
from tasks.formats.mrc_header import HEADER_BYTES, MODES, MrcHeader, read_header

Image = npt.NDArray[np.float32]

_MODE_OF = {np.dtype(name): mode for mode, name in MODES.items() if mode != 101}


def header(path: Path) -> MrcHeader:
    """Return shape and pixel size of a file whose data are all on disk, without reading them."""
    return read_header(path)


def read_image(path: Path, section: int = 0) -> Image:
    """Return one section as (ny, nx) image."""
    found = header(path)
    if not 0 <= section < found.shape[0]:
        raise FormatError(path, f"{found.shape[0]} sections", f"a section {section} (counted from 0)")
    return _section(path, found, section).astype(np.float32)


def read_volume(path: Path) -> Image:
    """Return all sections as (nz, ny, nx) volume; a map with axes in another order is turned."""
    found = read_header(path, any_axes=True)
    volume = np.empty(found.shape, np.float32)
    for index in range(found.shape[0]):
        volume[index] = _section(path, found, index)
    return np.ascontiguousarray(volume.transpose([found.axes.index(axis) for axis in (3, 2, 1)]))


def sections(path: Path) -> Iterator[npt.NDArray[Any]]:
    """Yield the sections one after another, in the data type of the file."""
    found = header(path)
    for index in range(found.shape[0]):
        yield _section(path, found, index)


def mapped(path: Path) -> npt.NDArray[Any]:
    """Return the data as (nz, ny, nx) array that is read from disk where it is used, in the data type of the file."""
    found = header(path)
    if found.packed:
        raise FormatError(path, "4-bit pixels", "whole bytes; read its sections instead")
    return np.memmap(path, found.dtype, "r", found.offset, found.shape)


def _section(path: Path, found: MrcHeader, index: int) -> npt.NDArray[Any]:
    """Return one section in the data type of the file."""
    numbers = found.section_bytes // np.dtype(found.dtype).itemsize
    return pixels(np.fromfile(path, found.dtype, numbers, offset=found.offset + index * found.section_bytes), found)


def pixels(stored: npt.NDArray[Any], found: MrcHeader) -> npt.NDArray[Any]:
    """Return the numbers of one section as (ny, nx) image, unpacked if need be."""
    _, rows, columns = found.shape
    if not found.packed:
        return stored.reshape(rows, columns)
    pairs = stored.reshape(rows, -1)
    return np.stack((pairs & 15, pairs >> 4), axis=-1).reshape(rows, -1)[:, :columns]


def require_finite(path: Path, image: npt.NDArray[Any]) -> None:
    """Refuse an image that holds NaN or infinity: they would spread to all that is computed of it."""
    bad = image.size - int(np.count_nonzero(np.isfinite(image)))
    if bad:
        raise FormatError(path, f"{bad} values that are not finite", "an image of finite values")


def write_mrc(path: Path, array: npt.NDArray[Any], pixel_size: float, *, stack: bool = False) -> None:
    """Write a (ny, nx) image or a (nz, ny, nx) volume, whole or not at all.

    ``stack`` says that the sections are separate images. The data type is kept where MRC has it, and is single
    precision otherwise. Values that are not finite raise ResultError.
    """
    if array.ndim not in {2, 3}:
        raise InputError(path, f"an array of {array.ndim} dimensions", "an image or a volume to be written")
    planes = array[None] if array.ndim == 2 else array
    dtype = planes.dtype if planes.dtype in _MODE_OF else np.dtype(np.float32)
    with writing(path, planes.shape[1:], pixel_size, dtype=dtype, stack=stack or array.ndim == 2) as writer:
        for plane in planes:
            writer.write(plane)


@contextmanager
def writing(
    path: Path,
    shape: tuple[int, ...],
    pixel_size: float,
    *,
    dtype: npt.DTypeLike = np.float32,
    stack: bool = False,
) -> Iterator["SectionWriter"]:
    """Give a writer of (ny, nx) sections, so that a volume need not be in memory; the file appears at the end."""
    with replacing(path) as beside, beside.open("wb") as file:
        writer = SectionWriter(path, file, (shape[0], shape[1]), np.dtype(dtype))
        yield writer
        file.seek(0)
        file.write(writer.header(pixel_size, stack=stack))


class SectionWriter:
    """Write sections to an MRC file and gather what its header says of them."""

    def __init__(self, path: Path, file: BinaryIO, shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
        self._path, self._file, self._shape, self._dtype = path, file, shape, dtype
        self._minima: list[float] = []
        self._maxima: list[float] = []
        self._sums: list[float] = []
        self._squares: list[float] = []
        file.write(bytes(HEADER_BYTES))

    def write(self, section: npt.NDArray[Any]) -> None:
        """Append a section."""
        if section.shape != self._shape:
            raise ResultError(f"{self._path.name}: a section of {section.shape} pixels; expected {self._shape}")
        plane = np.ascontiguousarray(section, self._dtype)
        self._minima.append(float(plane.min()))
        self._maxima.append(float(plane.max()))
        self._sums.append(float(plane.sum(dtype=np.float64)))
        self._squares.append(float(np.square(plane, dtype=np.float32).sum(dtype=np.float64)))
        if not np.isfinite(self._minima[-1] + self._maxima[-1]):
            raise ResultError(f"{self._path.name}: section {len(self._sums) - 1} holds values that are not finite")
        # Not plane.tofile, whose error does not say that the disk is full.
        self._file.write(plane.data)

    def header(self, pixel_size: float, *, stack: bool) -> bytes:
        """Return the header of the sections written."""
        rows, columns = self._shape
        planes = len(self._sums)
        if not planes:
            raise ResultError(f"{self._path.name}: no section was written")
        raw = np.zeros(1, HEADER_DTYPE.newbyteorder("<"))
        steps = (columns, rows, 1 if stack else planes)
        count = planes * rows * columns
        mean = sum(self._sums) / count
        for names, values in (
            (("nx", "ny", "nz"), (columns, rows, planes)),
            (("mx", "my", "mz"), steps),
            (("mapc", "mapr", "maps"), (1, 2, 3)),
            (("dmin", "dmax", "dmean"), (min(self._minima), max(self._maxima), mean)),
        ):
            for name, value in zip(names, values, strict=True):
                raw[name] = value
        raw["mode"] = _MODE_OF[self._dtype]
        raw["cella"] = tuple(step * pixel_size for step in steps)
        raw["cellb"] = (90, 90, 90)
        raw["ispg"] = 0 if stack else 1
        raw["nversion"] = 20141
        raw["map"] = b"MAP "
        raw["machst"] = (0x44, 0x44, 0, 0)
        raw["rms"] = max(sum(self._squares) / count - mean**2, 0) ** 0.5
        raw["nlabl"] = 1
        raw["label"][0][0] = b"cryoem-flows"
        return raw.tobytes()
