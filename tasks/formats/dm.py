"""Images in DigitalMicrograph files (DM3 and DM4); their rows run from top to bottom on disk, upwards in memory.

The format is a tree of tags, known from C. Boothroyd's description: its structure is big-endian, its values have the
byte order that the header says.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.errors import FormatError
from tasks.formats.dm_tags import Array, Tags, read_tags
from tasks.models import Model

_KIND = "a DM3 or DM4 file with an image"
_TYPES = {1: "i2", 2: "f4", 6: "u1", 7: "i4", 9: "i1", 10: "u2", 11: "u4", 12: "f8"}
_ANGSTROM = {"nm": 10.0, "µm": 1e4, "μm": 1e4, "um": 1e4, "A": 1.0, "Å": 1.0}


class DmHeader(Model):
    """What a DM file holds."""

    shape: tuple[int, int, int]
    """Sections, rows and columns."""
    pixel_size: float | None
    """Pixel size in angstrom; none if the file does not say it."""
    dtype: str
    """Data type of the stored numbers, as NumPy writes it."""
    offset: int
    """Bytes before the data."""


def header(path: Path) -> DmHeader:
    """Return what a file holds without reading its data; they are all on disk."""
    image = _image(path, read_tags(path))
    data, kind = image["Data"], image["DataType"]
    if not isinstance(data, Array) or kind not in _TYPES:
        raise FormatError(path, f"pixels of type {kind}", "real numbers")
    lengths = [int(value) for value in _group(image["Dimensions"]).values() if isinstance(value, int | float)]
    columns, rows, planes = [*lengths, 1, 1][:3]
    dtype = np.dtype(_TYPES[int(kind)]).newbyteorder(data.order)
    if len(lengths) > 3 or planes * rows * columns * dtype.itemsize != data.size:
        raise FormatError(
            path, f"{data.size} bytes", f"{' x '.join(map(str, lengths))} pixels of {dtype.itemsize} bytes"
        )
    if data.offset + data.size > path.stat().st_size:
        raise FormatError(path, f"truncated: {path.stat().st_size} bytes", f"{data.offset + data.size} bytes")
    return DmHeader(shape=(planes, rows, columns), pixel_size=_pixel_size(image), dtype=dtype.str, offset=data.offset)


def read_image(path: Path, section: int = 0) -> npt.NDArray[np.float32]:
    """Return one section as (ny, nx) image with y upwards."""
    found = header(path)
    if not 0 <= section < found.shape[0]:
        raise FormatError(path, f"{found.shape[0]} sections", f"a section {section} (counted from 0)")
    return _mapped(path, found)[section, ::-1].astype(np.float32)


def read_volume(path: Path) -> npt.NDArray[np.float32]:
    """Return all sections as (nz, ny, nx) stack with y upwards."""
    return _mapped(path, header(path))[:, ::-1].astype(np.float32)


def _mapped(path: Path, found: DmHeader) -> npt.NDArray[np.generic]:
    return np.memmap(path, found.dtype, "r", found.offset, found.shape)


def _image(path: Path, tags: Tags) -> Tags:
    """Return the tags of the image; a thumbnail in colours comes before it."""
    images = [_group(_group(image).get("ImageData")) for image in _group(tags.get("ImageList")).values()]
    whole = [image for image in images if {"Data", "DataType", "Dimensions"} <= set(image)]
    grey = [image for image in whole if image["DataType"] in _TYPES] or whole
    if not grey:
        raise FormatError(path, "no image", _KIND)
    return grey[-1]


def _pixel_size(image: Tags) -> float | None:
    """Return the pixel size along x in angstrom."""
    axes = _group(_group(image.get("Calibrations")).get("Dimension"))
    first = _group(next(iter(axes.values()), None))
    scale, units = first.get("Scale"), first.get("Units")
    if isinstance(scale, int | float) and isinstance(units, str) and units in _ANGSTROM and scale > 0:
        return scale * _ANGSTROM[units]
    return None


def _group(value: object) -> Tags:
    return value if isinstance(value, dict) else {}
