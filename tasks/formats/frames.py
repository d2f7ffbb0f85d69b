"""The frames of movies, whatever the format."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.errors import FormatError
from tasks.formats import eer, mrc, tiff
from tasks.models import EerSampling, Movie

_MRC = {".mrc", ".mrcs", ".st", ".map", ".rec", ".ali"}
_TIFF = {".tif", ".tiff"}


def read_frames(movie: Movie) -> Iterator[npt.NDArray[np.float32]]:
    """Yield the frames as (ny, nx) images with y upwards, in single precision."""
    for frame in raw_frames(movie):
        yield np.ascontiguousarray(frame, np.float32)


def raw_frames(movie: Movie) -> Iterator[npt.NDArray[Any]]:
    """Yield the frames in the data type of the file, which may need an eighth of the memory."""
    kind = _kind(movie.path)
    if kind == "mrc":
        return mrc.sections(movie.path)
    if kind == "tiff":
        return tiff.sections(movie.path)
    return eer.sections(movie.path, movie.acquisition.eer)


def frame_count(movie: Movie) -> int:
    """Return the number of frames without reading them."""
    return _header(movie)[0]


def frame_shape(movie: Movie) -> tuple[int, int]:
    """Return the rows and columns of the frames without reading them."""
    return _header(movie)[1:]


def _header(movie: Movie) -> tuple[int, int, int]:
    return _read_header(movie.path, movie.acquisition.eer, _stamp(movie.path))


@lru_cache(maxsize=256)
def _read_header(path: Path, sampling: EerSampling, _of: tuple[int, int] | None) -> tuple[int, int, int]:
    """Read a header once: many ask for it, and those of TIFF and EER files are spread over the whole file."""
    kind = _kind(path)
    if kind == "mrc":
        return mrc.header(path).shape
    if kind == "tiff":
        return tiff.header(path)
    return eer.header(path, sampling)


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return the size of a file and the time of its last change; None if it is not there."""
    if not path.is_file():
        return None
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _kind(path: Path) -> str:
    """Tell the format of a movie by its suffix."""
    suffix = path.suffix.lower()
    if suffix in _MRC:
        return "mrc"
    if suffix in _TIFF:
        return "tiff"
    if suffix == ".eer":
        return "eer"
    raise FormatError(path, f"suffix {suffix or 'missing'}", "a movie: .mrc, .mrcs, .st, .tif, .tiff or .eer")
