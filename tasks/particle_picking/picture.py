"""Picture a micrograph with its particles marked."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from tasks.formats.files import replacing
from tasks.numerics.fourier import bin_image
from tasks.particle_picking.filters import blur_within

_SIDE = 1024
_QUALITY = 85
_MARK = (80, 255, 120)
_EXCLUDED = np.array([255, 90, 60], np.float32)
_SMOOTH = 0.08
"""Width of the smoothing that lets particles be seen, in their radii."""
_OUTSIDE = 0.5
"""Percent of the pixels at each end that become black or white."""


def draw(
    path: Path,
    image: npt.NDArray[np.float32],
    places: npt.NDArray[np.float64],
    radius: float,
    usable: npt.NDArray[np.bool_] | None,
) -> None:
    """Write the picture: circles of a radius in pixels about the particles, red where nothing was looked for."""
    ratio = min(_SIDE / max(image.shape), 1.0)
    shape = (max(round(image.shape[0] * ratio), 1), max(round(image.shape[1] * ratio), 1))
    small = bin_image(image, shape)
    grey = _grey(blur_within(small, np.ones_like(small), _SMOOTH * radius * ratio))
    picture = Image.fromarray(_coloured(grey, usable)[::-1].copy())
    pen = ImageDraw.Draw(picture)
    for x, y in places * ratio:
        # y points up in images, and down in pictures.
        upright = shape[0] - 1 - y
        reach = radius * ratio
        pen.ellipse((x - reach, upright - reach, x + reach, upright + reach), outline=_MARK, width=2)
    with replacing(path) as beside:
        picture.save(beside, quality=_QUALITY)


def _grey(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    low, high = np.percentile(image, (_OUTSIDE, 100 - _OUTSIDE))
    return np.asarray(np.clip((image - low) / max(float(high - low), 1e-20) * 255, 0, 255), np.float32)


def _coloured(grey: npt.NDArray[np.float32], usable: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.uint8]:
    """Return grey as red, green and blue, tinted where it is not usable."""
    colours = np.repeat(grey[..., None], 3, axis=2)
    if usable is not None:
        rows, columns = (np.arange(new) * old // new for new, old in zip(grey.shape, usable.shape, strict=True))
        left_out = ~usable[np.ix_(rows, columns)]
        colours[left_out] = 0.6 * colours[left_out] + 0.4 * _EXCLUDED
    return colours.astype(np.uint8)
