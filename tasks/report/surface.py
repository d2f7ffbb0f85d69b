"""The surface of a sharpened density."""

import numpy as np
from PIL import Image

from tasks.formats.mrc import read_volume
from tasks.images.surfaces import picture_surface
from tasks.models.resolution import PostProcessed

_OUTSIDE = 45
"""Percent of the mask that is around the particle, as it is drawn with an edge."""


def picture_sharpened(sharpened: PostProcessed) -> Image.Image:
    """Picture the surface of a density within its mask, seen along z, y and x."""
    return picture_surface(read_volume(sharpened.masked), _threshold(sharpened))


def _threshold(sharpened: PostProcessed) -> float:
    """Return the density that parts the particle from what is around it, in the sharpened map."""
    volume = read_volume(sharpened.map.path)
    inside = volume[read_volume(sharpened.mask) > 0.5]
    return float(np.percentile(inside, _OUTSIDE)) if inside.size else float(volume.max()) / 2
