"""Known defects of a camera, as an image or as rectangles."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.errors import FormatError, InputError
from tasks.formats import mrc, tiff
from tasks.formats.mrc_header import describe
from tasks.formats.text import rows

Mask = npt.NDArray[np.bool_]

_KIND = "a text file of rectangles: x y width height"


def read_defects(path: Path, shape: tuple[int, int]) -> Mask:
    """Return where the defects are in frames of (ny, nx) pixels.

    In an image every value above 0 is a defect. In a text file each line is a rectangle as MotionCor and RELION take
    it: x y width height in pixels, x and y counted from 0 at the first column and the lowest row.
    """
    suffix = path.suffix.lower()
    if suffix in {".mrc", ".mrcs"}:
        mask = mrc.read_image(path) > 0
    elif suffix in {".tif", ".tiff"}:
        mask = tiff.read_image(path) > 0
    else:
        return _rectangles(path, shape)
    if mask.shape != shape:
        raise InputError(path, f"{describe(mask.shape)} pixels", f"{describe(shape)} as the frames have")
    return mask


def _rectangles(path: Path, shape: tuple[int, int]) -> Mask:
    mask = np.zeros(shape, bool)
    for values in rows(path, _KIND, columns=4):
        x, y, width, height = map(int, values)
        if (x, y, width, height) != values or min(values) < 0 or x >= shape[1] or y >= shape[0]:
            raise FormatError(
                path, f"rectangle {' '.join(map('{:g}'.format, values))}", f"one in {describe(shape)} pixels"
            )
        mask[y : y + height, x : x + width] = True
    return mask
