"""Write EER movies, for simulations."""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from tasks.formats.files import replacing

_COMPRESSION = {7: 65001, 8: 65000}
Page = tuple[bytes, dict[int, int]]
"""Compressed data, and the TIFF tags of the page: at least width (256), length (257) and compression (259)."""


def write_eer(path: Path, frames: Iterable[npt.NDArray[np.bool_]], bits: Literal[7, 8] = 7) -> None:
    """Write hardware frames, each a (2 ny, 2 nx) image of where electrons fell, for a sensor of (ny, nx) pixels.

    A pixel of the sensor counts one electron at most. ``bits`` are those of a run length: 8 in the oldest files.
    """
    pages = (
        (encode(frame, bits), {256: frame.shape[1] // 2, 257: frame.shape[0] // 2, 259: _COMPRESSION[bits]})
        for frame in frames
    )
    with replacing(path) as beside:
        beside.write_bytes(big_tiff(pages))


def big_tiff(pages: Iterable[Page]) -> bytes:
    """Return a BigTIFF file of pages that are compressed already: libraries do not write EER pages."""
    content = bytearray(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0))
    link = 8
    for data, tags in pages:
        start = len(content)
        content += data + bytes(-len(data) % 8)
        # Bits, photometric, strip offset, samples, rows per strip, bytes of the strip.
        usual = {258: 8, 262: 1, 273: start, 277: 1, 278: tags[257], 279: len(data)}
        values = dict(sorted((usual | tags).items()))
        struct.pack_into("<Q", content, link, len(content))
        content += struct.pack("<Q", len(values))
        content += b"".join(struct.pack("<HHQQ", tag, 16, 1, value) for tag, value in values.items())
        link = len(content)
        content += bytes(8)
    return bytes(content)


def encode(frame: npt.NDArray[np.bool_], bits: Literal[7, 8] = 7) -> bytes:
    """Encode a frame as lengths of runs without electrons, each but a full run followed by the place in the pixel."""
    rows, columns = frame.shape[0] // 2, frame.shape[1] // 2
    quarters = frame.reshape(rows, 2, columns, 2).transpose(0, 2, 1, 3).reshape(rows * columns, 4)
    pixels = np.flatnonzero(quarters.any(axis=1))
    quarter = quarters[pixels].argmax(axis=1)
    # Of the bits y y x x, the upper one of each pair is the half; both are stored inverted.
    places = np.append(((quarter >> 1) << 3 | (quarter & 1) << 1) ^ 0b1010, 0)
    runs = np.diff(np.concatenate(([-1], pixels, [rows * columns]))) - 1
    return _packed(*_codes(runs, places, bits))


def _codes(
    runs: npt.NDArray[np.int64], places: npt.NDArray[np.int64], bits: Literal[7, 8]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the codes and their lengths in bits; a full run of 8 bits is followed by an unused place."""
    full = 2**bits - 1
    repeats = runs // full + 1
    last = np.cumsum(repeats) - 1
    codes = np.full(repeats.sum(), full)
    codes[last] = runs % full | places << bits
    lengths = np.full(repeats.sum(), bits if bits == 7 else bits + 4)
    lengths[last] = bits + 4
    return codes, lengths


def _packed(codes: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> bytes:
    """Pack codes of different lengths into bytes, the lowest bit first; the end is filled to whole words of 8 bytes."""
    places = np.arange(lengths.max())
    ones = (codes[:, None] >> places & 1).astype(bool)[places < lengths[:, None]]
    data = np.packbits(ones, bitorder="little").tobytes()
    return data + bytes(-len(data) % 8)
