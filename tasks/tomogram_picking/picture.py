"""Picture the slab of a tomogram that holds most particles, with those marked."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from tasks.formats.files import replacing
from tasks.formats.mrc import mapped
from tasks.numerics.fourier import bin_image

_SIDE = 1024
_QUALITY = 85
_MARK = (80, 255, 120)
_OUTSIDE = 0.5
"""Percent of the pixels at each end that become black or white."""


def draw(path: Path, volume: Path, places: npt.NDArray[np.float64], diameter: float) -> None:
    """Write the picture; places (x, y, z) and diameter in voxels."""
    stored = mapped(volume)
    middle = _fullest(places[:, 2], len(stored), diameter)
    low = max(round(middle - diameter / 2), 0)
    slab = np.asarray(stored[low : low + max(round(diameter), 1)], np.float32).mean(axis=0)
    ratio = min(_SIDE / max(slab.shape), 1.0)
    small = bin_image(slab, (max(round(slab.shape[0] * ratio), 1), max(round(slab.shape[1] * ratio), 1)))
    # y points up in tomograms, and down in pictures.
    picture = Image.fromarray(_grey(small)[::-1].copy()).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for x, y, z in places * ratio:
        reach = np.sqrt(max((diameter / 2) ** 2 - (z / ratio - middle) ** 2, 0)) * ratio
        upright = len(small) - 1 - y
        pen.ellipse((x - reach, upright - reach, x + reach, upright + reach), outline=_MARK, width=2)
    with replacing(path) as beside:
        picture.save(beside, quality=_QUALITY)


def _fullest(heights: npt.NDArray[np.float64], deep: int, diameter: float) -> float:
    """Return the height about which most particles lie; the middle of the tomogram without any."""
    if not len(heights):
        return deep / 2
    near = np.abs(heights[:, None] - heights) < diameter / 2
    return float(heights[near.sum(axis=1).argmax()])


def _grey(image: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    low, high = np.percentile(image, (_OUTSIDE, 100 - _OUTSIDE))
    return np.asarray(np.clip((image - low) / max(float(high - low), 1e-20) * 255, 0, 255), np.uint8)
