"""The surface of a sharpened density."""

from PIL import Image

from tasks.formats.mrc import read_volume
from tasks.images.surfaces import picture_surface
from tasks.models.resolution import PostProcessed
from tasks.numerics.parting import otsu


def picture_sharpened(sharpened: PostProcessed) -> Image.Image:
    """Picture the surface of a density within its mask, seen along z, y and x."""
    return picture_surface(read_volume(sharpened.masked), _threshold(sharpened))


def _threshold(sharpened: PostProcessed) -> float:
    """Return the density that parts the particle from what is around it within the mask, in the sharpened map."""
    volume = read_volume(sharpened.map.path)
    inside = volume[read_volume(sharpened.mask) > 0.5]
    # However wide the mask was drawn and however much noise lies in it, it is the particle that stands out.
    return otsu(inside) if inside.size else float(volume.max()) / 2
