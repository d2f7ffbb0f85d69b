"""Images in TIFF files; their rows run from top to bottom on disk, and upwards in memory."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zlib import error as ZlibError  # noqa: N812 - an exception of a module of functions

import numpy as np
import numpy.typing as npt
import tifffile
from imagecodecs import LzwError

from tasks.errors import FormatError
from tasks.formats.files import replacing

_BROKEN = (tifffile.TiffFileError, struct.error, ValueError, IndexError, OSError, LzwError, ZlibError)
_SUFFIXES = {".tif", ".tiff"}


@contextmanager
def opened(path: Path, kind: str = "a TIFF file") -> Iterator[tifffile.TiffFile]:
    """Open a TIFF file whose pages are all on disk."""
    if not path.is_file():
        raise FormatError(path, "no such file", kind)
    try:
        file = tifffile.TiffFile(path)
    except _BROKEN as reason:
        raise FormatError(path, f"cannot be read ({reason}; {path.stat().st_size} bytes)", kind) from reason
    with file:
        yield file


def pages(path: Path, file: tifffile.TiffFile) -> list[Any]:
    """Return the pages of an open file, which must have one shape and be whole."""
    try:
        found = list(file.pages)
        _check_pages(path, found)
    # What a page list of zeros makes tifffile raise, here or when a page is asked for its shape.
    except (*_BROKEN, IndexError, TypeError, ValueError) as reason:
        raise FormatError(path, f"the list of pages is broken ({reason})", "a whole TIFF file") from reason
    return found


def _check_pages(path: Path, found: list[Any]) -> None:
    """Raise FormatError unless there are pages, of one shape, that end within the file."""
    if not found:
        raise FormatError(path, "no pages", "a TIFF file with at least one page")
    size, first = path.stat().st_size, found[0]
    for number, page in enumerate(found):
        if page.shape != first.shape:
            raise FormatError(path, f"page {number} has {page.shape} pixels", f"{first.shape} as page 0 has")
        ends = [start + count for start, count in zip(page.dataoffsets, page.databytecounts, strict=True)]
        if not ends or min(page.databytecounts) == 0 or max(ends) > size:
            found_bytes = f"truncated: page {number} ends at byte {max(ends, default=0)} of {size}"
            raise FormatError(path, found_bytes, f"{len(found)} whole pages")


def header(path: Path) -> tuple[int, int, int]:
    """Return the number of pages, rows and columns of a whole file, without decoding it."""
    with opened(path) as file:
        found = pages(path, file)
        if len(found[0].shape) != 2:
            raise FormatError(path, f"pages of {found[0].shape}", "grey images")
        return len(found), found[0].shape[0], found[0].shape[1]


def sections(path: Path) -> Iterator[npt.NDArray[Any]]:
    """Yield the pages one after another as (ny, nx) arrays with y upwards, in the data type of the file."""
    header(path)
    with opened(path) as file:
        for number, page in enumerate(file.pages):
            yield decode(path, page, number)[::-1]


def read_image(path: Path, section: int = 0) -> npt.NDArray[np.float32]:
    """Return one page as (ny, nx) image with y upwards."""
    count = header(path)[0]
    if not 0 <= section < count:
        raise FormatError(path, f"{count} pages", f"a page {section} (counted from 0)")
    with opened(path) as file:
        return np.ascontiguousarray(decode(path, file.pages[section], section)[::-1], np.float32)


def decode(path: Path, page: Any, number: int) -> npt.NDArray[Any]:  # noqa: ANN401 - a page or frame of tifffile
    """Return the pixels of a page as they are on disk."""
    try:
        image: npt.NDArray[Any] = page.asarray()
    except (*_BROKEN, RuntimeError) as reason:
        raise FormatError(path, f"page {number} cannot be decoded ({reason})", "a whole TIFF file") from reason
    return image


def write_tiff_frames(path: Path, frames: Sequence[npt.NDArray[Any]], pixel_size: float) -> None:
    """Write (ny, nx) frames with y upwards as pages of an LZW-compressed TIFF file."""
    with replacing(path) as beside, tifffile.TiffWriter(beside) as writer:
        for frame in frames:
            writer.write(
                np.ascontiguousarray(frame[::-1]),
                photometric="minisblack",
                compression="lzw",
                # 1 cm is 1e8 angstrom.
                resolution=(1e8 / pixel_size, 1e8 / pixel_size),
                resolutionunit="CENTIMETER",
                metadata=None,
            )
