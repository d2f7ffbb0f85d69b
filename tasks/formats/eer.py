"""Movies in EER files: the electrons that a Falcon 4 counted, in some hundred hardware frames.

An EER file is a TIFF file whose pages (one per hardware frame) list the electrons. Its rows are not turned over: the
first row is the lowest one, although those of other TIFF files are. RELION renders the same images, to the electron.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt

from tasks.errors import FormatError
from tasks.formats import tiff
from tasks.models import EerSampling

Frame = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

_KIND = "an EER file"
# Numbers of the TIFF compression; the last one says its bits in tags.
_EIGHT_BITS, _SEVEN_BITS, _VARIABLE_BITS = 65000, 65001, 65002
ELECTRONS = _EIGHT_BITS
"""The least number of the compression of a page that lists electrons."""
_BIT_TAGS = ((65007, 7), (65008, 2), (65009, 2))


def header(path: Path, sampling: EerSampling) -> tuple[int, int, int]:
    """Return the number of frames (an incomplete last one is dropped), rows and columns."""
    with tiff.opened(path, _KIND) as file:
        return _shape(path, _pages(path, file), sampling)


def sections(path: Path, sampling: EerSampling) -> Iterator[Frame]:
    """Yield the frames, each a sum of ``grouping`` hardware frames."""
    with tiff.opened(path, _KIND) as file:
        found = _pages(path, file)
        count, rows, columns = _shape(path, found, sampling)
        # A pixel sees at most one electron per hardware frame.
        dtype = np.uint8 if sampling.grouping < 256 else np.uint16
        for index in range(count):
            frame = np.zeros((rows, columns), dtype)
            for page in found[index * sampling.grouping : (index + 1) * sampling.grouping]:
                add_electrons(path, file, page, frame)
            yield frame


def add_electrons(path: Path, file: Any, page: Any, frame: Frame) -> None:  # noqa: ANN401 - of tifffile
    """Add the electrons of one hardware frame to a frame of one or two times its sampling."""
    data = b"".join(segment for segment, _ in file.filehandle.read_segments(page.dataoffsets, page.databytecounts))
    scheme = int(page.compression)
    if scheme == _EIGHT_BITS:
        _add_eight_bits(path, data, page.shape, frame)
        return
    skip, x, y = [int(page.tags.valueof(tag, usual)) if scheme == _VARIABLE_BITS else usual for tag, usual in _BIT_TAGS]
    # The decoder wants an even number of bytes, and stops one electron before the end of them.
    padded = data + bytes(4 + len(data) % 2)
    fine = int(frame.shape != page.shape)
    try:
        imagecodecs.eer_decode(padded, frame.shape, skip, x, y, superres=fine, out=frame)
    except imagecodecs.EerError as reason:
        raise FormatError(path, f"the electrons of page {page.index} cannot be decoded ({reason})", _KIND) from reason


def _add_eight_bits(path: Path, data: bytes, shape: tuple[int, int], frame: Frame) -> None:
    """Decode the oldest scheme: 8 bits of run length and 4 of place in the pixel, these also after a full run of 255.

    The general decoder takes the full run to be without a place, as it is in the newer schemes.
    """
    # Two codes fill three bytes.
    whole = np.frombuffer(data + bytes(-len(data) % 3), np.uint8).reshape(-1, 3).astype(np.uint16)
    words = np.stack((whole[:, 0] | (whole[:, 1] & 15) << 8, whole[:, 1] >> 4 | whole[:, 2] << 4), axis=-1).ravel()
    runs = (words & 255).astype(np.int64)
    is_electron = runs < 255
    positions = np.cumsum(runs + is_electron) - is_electron
    pixels = shape[0] * shape[1]
    end = int(np.searchsorted(positions, pixels))
    if end == len(positions) or positions[end] != pixels:
        raise FormatError(path, f"the electrons of a hardware frame do not end at its last pixel ({pixels})", _KIND)
    used = is_electron[:end]
    y, x = np.divmod(positions[:end][used], shape[1])
    if frame.shape != shape:
        inside = words[:end][used] >> 8 ^ 0b1010
        y, x = y * 2 + (inside >> 3), x * 2 + (inside >> 1 & 1)
    # No two electrons share a pixel.
    frame[y, x] += 1


def _pages(path: Path, file: Any) -> list[Any]:  # noqa: ANN401 - a file of tifffile
    """Return the pages that hold electrons: some programs put a sum before them."""
    found = [page for page in tiff.pages(path, file) if int(page.compression) >= ELECTRONS]
    if not found:
        raise FormatError(path, "no page with electrons", _KIND)
    return found


def _shape(path: Path, found: list[Any], sampling: EerSampling) -> tuple[int, int, int]:
    """Return the number of frames, rows and columns that pages give."""
    frames = len(found) // sampling.grouping
    if not frames:
        expected = f"at least {sampling.grouping}, the number that is to be summed to one frame"
        raise FormatError(path, f"{len(found)} hardware frames", expected)
    rows, columns = found[0].shape
    return frames, rows * sampling.upsampling, columns * sampling.upsampling
