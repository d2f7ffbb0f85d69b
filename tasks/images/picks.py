"""Micrographs with the particles marked that were found in them."""

import numpy as np
import numpy.typing as npt
import scipy.ndimage
from PIL import Image, ImageDraw

from tasks.formats.mrc import require_finite
from tasks.formats.mrc_header import read_header
from tasks.images.pictures import contrast, upright
from tasks.images.thumbnails import binned, section_of
from tasks.models import Micrograph

SIDE = 1024
_SMOOTH = 0.08
"""Width of the smoothing that lets particles be seen, in their radii."""
_FOUND, _KEPT = (255, 150, 40), (80, 255, 120)
_WIDTH = 2

Places = npt.NDArray[np.float64]


def picture_picks(
    micrograph: Micrograph, places: Places, diameter: float, kept: npt.NDArray[np.bool_] | None = None, side: int = SIDE
) -> Image.Image:
    """Picture a micrograph with circles about particles of a diameter in angstrom; green are those that are kept.

    Places are (count, 2) x and y in pixels of the MRC file, as in the coordinates of Picks: y is upwards.
    """
    _, rows, columns = read_header(micrograph.path).shape
    factor = max(1, min(rows, columns) // side)
    small = binned(section_of(micrograph.path, micrograph.section), factor)
    require_finite(micrograph.path, small)
    radius = diameter / 2 / micrograph.pixel_size
    smooth = scipy.ndimage.gaussian_filter(small, _SMOOTH * radius / factor, truncate=3)
    picture = upright(contrast(smooth), side).convert("RGB")
    scale = picture.width / small.shape[1] / factor
    pen = ImageDraw.Draw(picture)
    for (x, y), good in zip(places, np.ones(len(places), bool) if kept is None else kept, strict=True):
        # The middle of a pixel is half a pixel from its edge, however large it is; y points down in pictures.
        across, down = (x + 0.5) * scale - 0.5, picture.height - (y + 0.5) * scale - 0.5
        reach = radius * scale
        box = across - reach, down - reach, across + reach, down + reach
        pen.ellipse(box, outline=_KEPT if good else _FOUND, width=_WIDTH)
    return picture
