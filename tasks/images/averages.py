"""Sheets of class averages."""

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
_OUTSIDE = 0.1


def picture_averages(path: Path, numbers: Sequence[int]) -> Image.Image:
    """Picture class averages, each with its own contrast, in rows from the upper left; class k is section k - 1."""
    averages = mrc.mapped(path)
    if numbers and not 1 <= min(numbers) <= max(numbers) <= len(averages):
        raise FormatError(path, f"{len(averages)} averages", f"an average of class {max(numbers)}")
    sheet = Image.new("L", (COLUMNS * TILE, max(-(-len(numbers) // COLUMNS), 1) * TILE))
    for place, number in enumerate(numbers):
        across, down = place % COLUMNS, place // COLUMNS
        sheet.paste(_tile(averages[number - 1]), (across * TILE, down * TILE))
    return sheet


def _tile(average: npt.NDArray[np.float32]) -> Image.Image:
    """Return the picture of one average; an empty class may hold anything."""
    grey: Grey = contrast(np.nan_to_num(np.asarray(average, np.float32)), _OUTSIDE)
    return Image.fromarray(np.ascontiguousarray(grey[::-1])).resize((TILE, TILE), Image.Resampling.BICUBIC)
