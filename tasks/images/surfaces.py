"""Densities as people see them: their surface in light from above left, from three sides."""

import numpy as np
import numpy.typing as npt
import scipy.ndimage
from PIL import Image

from tasks.images.pictures import Grey

Volume = npt.NDArray[np.float32]

_SIDE = 160
"""Voxels of the volume that is drawn."""
_PIXELS = 320
"""Pixels of one view."""
_LIGHT = np.array([-0.45, 0.55, 0.7]) / np.linalg.norm([-0.45, 0.55, 0.7])
"""Direction towards the light: to the left, up, and towards the eye."""
_AMBIENT = 0.25
_VIEWS = ((0, 1, 2), (1, 0, 2), (2, 0, 1))
"""Axes of the volume (z, y, x): along the view, up, and to the right."""


def picture_surface(volume: Volume, threshold: float) -> Image.Image:
    """Draw the surface at a density as seen along z, y and x, beside each other."""
    finer = _enlarged(volume)
    views = [shaded(np.transpose(finer, axes), threshold) for axes in _VIEWS]
    sheet = Image.fromarray(np.hstack([np.ascontiguousarray(view[::-1]) for view in views]))
    return sheet.resize((len(views) * _PIXELS, _PIXELS), Image.Resampling.BICUBIC)


def shaded(volume: Volume, threshold: float) -> Grey:
    """Return how the surface at a density looks from the end of the first axis; white is where there is none."""
    inside = volume[::-1] >= threshold
    seen = inside.any(axis=0)
    depth = len(volume) - 1 - np.where(seen, inside.argmax(axis=0), 0)
    normal = -_slopes(volume, depth)
    length = np.maximum(np.linalg.norm(normal, axis=-1), np.finfo(np.float32).tiny)
    light = np.clip((normal @ _LIGHT) / length, 0, 1)
    # What is farther away is darker, so that depth is seen.
    near = 0.6 + 0.4 * depth / len(volume)
    shade = 235 * (_AMBIENT + (1 - _AMBIENT) * light) * near
    return np.where(seen, shade, 255).astype(np.uint8)


def _slopes(volume: Volume, depth: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the slopes of a volume (to the right, up, towards the eye) in the voxels at a depth in each line."""
    rows, columns = np.indices(depth.shape)
    place = np.stack([depth, rows, columns])
    last = np.array(volume.shape)[:, None, None] - 1
    found = []
    for axis in (2, 1, 0):
        step = np.eye(3, dtype=np.int64)[axis][:, None, None]
        ahead, behind = np.clip(place + step, 0, last), np.clip(place - step, 0, last)
        found.append(volume[tuple(ahead)] - volume[tuple(behind)])
    return np.stack(found, axis=-1).astype(np.float64)


def _enlarged(volume: Volume) -> Volume:
    """Return a volume that is fine enough to look smooth; large ones are made smaller."""
    zoom = _SIDE / max(volume.shape)
    return np.asarray(scipy.ndimage.zoom(volume, zoom, order=3 if zoom > 1 else 1, mode="nearest"), np.float32)
