"""Class averages: each by itself, and many on a sheet."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from tasks.errors import FormatError
from tasks.formats import mrc
from tasks.images.pictures import Grey, contrast

COLUMNS = 10
"""Averages in a row of a sheet."""
TILE = 112
"""Side of an average in a sheet, in pixels."""
SIDE = 256
"""Side of an average by itself, in pixels."""
_OUTSIDE = 0.1


def picture_averages(path: Path, numbers: Sequence[int]) -> Image.Image:
    """Picture class averages, each with its own contrast, in rows from the upper left; class k is section k - 1."""
    averages = mrc.mapped(path)
    _check(path, len(averages), numbers)
    sheet = Image.new("L", (COLUMNS * TILE, max(-(-len(numbers) // COLUMNS), 1) * TILE))
    for place, number in enumerate(numbers):
        across, down = place % COLUMNS, place // COLUMNS
        sheet.paste(_tile(averages[number - 1], TILE), (across * TILE, down * TILE))
    return sheet


def picture_average(path: Path, number: int, side: int = SIDE) -> Image.Image:
    """Picture the average of one class, which is section ``number`` - 1."""
    averages = mrc.mapped(path)
    _check(path, len(averages), [number])
    return _tile(averages[number - 1], side)


def _check(path: Path, count: int, numbers: Sequence[int]) -> None:
    if numbers and not 1 <= min(numbers) <= max(numbers) <= count:
        raise FormatError(path, f"{count} averages", f"an average of class {max(numbers)}")


def _tile(average: npt.NDArray[np.float32], side: int) -> Image.Image:
    """Return the picture of one average; an empty class may hold anything."""
    grey: Grey = contrast(np.nan_to_num(np.asarray(average, np.float32)), _OUTSIDE)
    return Image.fromarray(np.ascontiguousarray(grey[::-1])).resize((side, side), Image.Resampling.BICUBIC)
