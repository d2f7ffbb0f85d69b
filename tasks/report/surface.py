"""The surface of a sharpened density."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from tasks.formats.mrc import read_volume
from tasks.images.surfaces import picture_surface
from tasks.models.resolution import PostProcessed

_BINS = 256


def picture_sharpened(sharpened: PostProcessed) -> Image.Image:
    """Picture the surface of a density within its mask, seen along z, y and x."""
    return picture_surface(read_volume(sharpened.masked), _threshold(sharpened))


def _threshold(sharpened: PostProcessed) -> float:
    """Return the density that parts the particle from what is around it within the mask, in the sharpened map."""
    volume = read_volume(sharpened.map.path)
    inside = volume[read_volume(sharpened.mask) > 0.5]
    return parting(inside) if inside.size else float(volume.max()) / 2


def parting(values: npt.NDArray[np.float32]) -> float:
    """Return the value that parts the others into two groups as different as they can be (Otsu 1979).

    However wide the mask was drawn and however much noise lies in it, it is the particle that stands out.
    """
    counts, edges = np.histogram(values, _BINS)
    centres = (edges[1:] + edges[:-1]) / 2
    below, sums = np.cumsum(counts)[:-1], np.cumsum(counts * centres)
    share = below / counts.sum()
    apart = (sums[-1] * share - sums[:-1]) ** 2 / np.maximum(share * (1 - share), np.finfo(float).tiny)
    return float(edges[1 + np.argmax(apart)])
