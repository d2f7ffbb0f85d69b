"""Small pictures of results and of movies, made without reading more than they show."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.ndimage
from PIL import Image

from tasks.errors import ResultError
from tasks.formats import mrc
from tasks.formats.mrc_header import read_header
from tasks.images.pictures import contrast, upright
from tasks.images.slices import GAP, mean, middle

SIDE = 512


def picture_volume(path: Path, side: int = SIDE, thickness: int = 5) -> Image.Image:
    """Picture the central XY slice of a volume, with the XZ slice below it."""
    volume = mrc.mapped(path)
    z, y, _ = (middle(size, thickness) for size in volume.shape)
    xy, xz = (contrast(mean(volume[z], 0)), contrast(mean(volume[:, y], 1)))
    gap = np.full((GAP, xy.shape[1]), 128, np.uint8)
    # y points up: what stands below comes first.
    return upright(np.vstack([xz, gap, xy]), side)


def picture_image(path: Path, side: int = SIDE, section: int = 0, smoothing: float = 0) -> Image.Image:
    """Picture one section of an image file; smoothing, about so many pixels of the picture, shows more in noise."""
    if path.suffix.lower() in {".tif", ".tiff"}:
        raise ResultError(f"{path}: a TIFF file; expected an image in an MRC file")
    rows, columns = read_header(path).shape[1:]
    factor = max(1, min(rows, columns) // side)
    small = binned(section_of(path, section), factor)
    if smoothing:
        small = scipy.ndimage.gaussian_filter(small, smoothing, truncate=3)
    return upright(contrast(small), side)


def section_of(path: Path, section: int = 0) -> npt.NDArray[Any]:
    """Return one section in the data type of the file; of most files, it is read where it is used."""
    found = read_header(path)
    if found.packed or not 0 <= section < found.shape[0]:
        return mrc.read_image(path, section)
    plane: npt.NDArray[Any] = mrc.mapped(path)[section]
    return plane


def binned(image: npt.NDArray[Any], factor: int) -> npt.NDArray[np.float32]:
    """Sum blocks of ``factor`` x ``factor`` pixels; an incomplete block at the end is left out."""
    rows, columns = (size // factor for size in image.shape)
    whole = image[: rows * factor, : columns * factor]
    # Rows first, as they are contiguous; each addition of a part is several times faster than a sum along an axis.
    summed = _added([whole[first::factor] for first in range(factor)])
    return _added([summed[:, first::factor] for first in range(factor)])


def _added(parts: list[npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
    total = parts[0].astype(np.float32)
    for part in parts[1:]:
        total += part
    return total
