"""Picture a movie that may be broken: as many of its first frames as can be read.

The readers of ``tasks.formats`` refuse a file that is not whole, as they must; here what is left of it says more than
nothing.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from tasks.errors import FormatError
from tasks.formats import eer, mrc, tiff
from tasks.formats.frames import frame_shape, raw_frames
from tasks.formats.mrc_header import written_header
from tasks.images.pictures import contrast, upright
from tasks.images.thumbnails import SIDE, binned
from tasks.models import Acquisition, EerSampling, Movie

FRAMES = 8
"""Frames that are summed at most: enough electrons to see ice and carbon by."""
_ENOUGH = 2**27
"""Pixels after which no more frames are read, for large ones cost seconds."""
_GROUP = 8
"""Hardware frames that are summed to a frame of an EER file."""
_LARGEST = 2**27
"""Pixels of a frame; a header that says more is wrong, and would cost all memory."""

Frame = npt.NDArray[Any]


def picture_movie(path: Path, side: int = SIDE) -> Image.Image:
    """Sum the first frames of a movie that can be read and picture them; raise FormatError if there are none."""
    total: npt.NDArray[np.float32] | None = None
    try:
        for number, frame in enumerate(islice(_frames(path), FRAMES), 1):
            small = _small(frame, side)
            total = small if total is None else total + small
            if number * frame.size >= _ENOUGH:
                break
    except (FormatError, ValueError, OSError):
        if total is None:
            raise
    if total is None:
        raise FormatError(path, "no frames", "a movie")
    return upright(contrast(total), side)


def _frames(path: Path) -> Iterator[Frame]:
    """Yield the frames of a whole file, or what is left of a broken one."""
    movie = Movie(path=path, acquisition=Acquisition(pixel_size=1, eer=EerSampling(grouping=_GROUP)))
    try:
        _check(path, frame_shape(movie))
    except FormatError:
        yield from _REST.get(path.suffix.lower(), _rest_of_tiff)(path)
    else:
        yield from raw_frames(movie)


def _rest_of_mrc(path: Path) -> Iterator[Frame]:
    """Yield the sections of an MRC file as far as it reaches; what is missing of the last one is zero."""
    found = written_header(path)
    _check(path, found.shape[1:])
    with path.open("rb") as file:
        file.seek(found.offset)
        while data := file.read(found.section_bytes):
            whole = data.ljust(found.section_bytes, b"\0")
            yield mrc.pixels(np.frombuffer(whole, found.dtype), found)


def _rest_of_tiff(path: Path) -> Iterator[Frame]:
    """Yield the pages of a TIFF file until one is broken."""
    with tiff.opened(path) as file:
        for number, page in enumerate(file.pages):
            _check(path, page.shape)
            yield tiff.decode(path, page, number)[::-1]


def _rest_of_eer(path: Path) -> Iterator[Frame]:
    """Yield sums of hardware frames of an EER file until one is broken."""
    with tiff.opened(path) as file:
        pages = (page for page in file.pages if int(page.compression) >= eer.ELECTRONS)
        while some := list(islice(pages, _GROUP)):
            _check(path, some[0].shape)
            frame = np.zeros(some[0].shape, np.uint8)
            for page in some:
                eer.add_electrons(path, file, page, frame)
            yield frame


def _check(path: Path, shape: tuple[int, ...]) -> None:
    """Refuse frames that no camera has."""
    if len(shape) != 2 or not 0 < shape[0] * shape[1] <= _LARGEST:
        raise FormatError(path, f"frames of {shape} pixels", f"images of at most {_LARGEST} pixels")


def _small(frame: Frame, side: int) -> npt.NDArray[np.float32]:
    return binned(frame, max(1, min(frame.shape) // side))


_REST = {".mrc": _rest_of_mrc, ".mrcs": _rest_of_mrc, ".st": _rest_of_mrc, ".eer": _rest_of_eer}
