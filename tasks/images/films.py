"""Films: grey pictures one after the other, as an animated PNG, which browsers play like a picture.

Format: https://www.w3.org/TR/png-3. Pixels are compressed as they are: PNG's differences between neighbours make noise
larger, and slow. So does a search for repetitions, of which noise has none but by chance.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tasks.errors import InputError
from tasks.formats.files import replacing

Frames = Iterable[Image.Image]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SHADES = 16
"""Noise does not compress; the eye sees no more shades in it that moves. Two pixels fit in a byte."""
_SHADE = [round(value * (_SHADES - 1) / 255) for value in range(256)]
_FOR_EVER = 0
_WITHOUT_DIFFERENCES = 0
_GREY = (4, 0, 0, 0, 0)
"""Bits, kind of colour, and methods."""


def write_film(path: Path, frames: Frames, milliseconds: int = 80) -> Path:
    """Write grey pictures of one size as a film that repeats."""
    pictures = list(frames)
    sizes = {picture.size for picture in pictures}
    if len(sizes) != 1:
        found = f"frames of {len(sizes)} sizes" if sizes else "no frames"
        raise InputError(path, found, "frames of one size")
    with replacing(path) as beside, beside.open("wb") as file:
        file.write(_SIGNATURE)
        file.writelines(_chunk(name, content) for name, content in _film(pictures, milliseconds))
    return path


def _film(pictures: list[Image.Image], milliseconds: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the names and contents of the chunks; those of the animation are numbered together."""
    width, height = pictures[0].size
    yield b"IHDR", struct.pack(">II5B", width, height, *_GREY)
    yield b"acTL", struct.pack(">II", len(pictures), _FOR_EVER)
    for number, picture in enumerate(pictures):
        first = max(2 * number - 1, 0)
        yield b"fcTL", struct.pack(">IIIIIHHBB", first, width, height, 0, 0, milliseconds, 1000, 0, 0)
        data = _compressed(picture)
        yield (b"fdAT", struct.pack(">I", first + 1) + data) if number else (b"IDAT", data)
    yield b"IEND", b""


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _compressed(picture: Image.Image) -> bytes:
    """Return the rows of a picture in fewer shades, each after the byte that says how it is written."""
    shades = np.asarray(picture.convert("L").point(_SHADE))
    whole = np.pad(shades, ((0, 0), (0, shades.shape[1] % 2)))
    rows = np.pad(whole[:, ::2] << 4 | whole[:, 1::2], ((0, 0), (1, 0)), constant_values=_WITHOUT_DIFFERENCES)
    deflate = zlib.compressobj(level=1, strategy=zlib.Z_RLE)
    return deflate.compress(rows.tobytes()) + deflate.flush()
