"""Pictures of densities from three directions."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from tasks.formats import mrc
from tasks.formats.mrc import require_finite
from tasks.images.pictures import contrast
from tasks.images.slices import mean, middle

_TILE = 160
_GAP = 4
_OUTSIDE = 0.1
_THICKNESS = 3

Picture = npt.NDArray[np.float32]


def picture_density(path: Path) -> Image.Image:
    """Picture a density seen along z, y and x: projections above, central slices below; y or z points up."""
    volume = mrc.read_volume(path)
    require_finite(path, volume)
    sheet = Image.new("L", (3 * _TILE + 2 * _GAP, 2 * _TILE + _GAP), 128)
    for row, views in enumerate((_views(volume), _views(volume, _THICKNESS))):
        for column, view in enumerate(views):
            sheet.paste(_tile(view), (column * (_TILE + _GAP), row * (_TILE + _GAP)))
    return sheet


def _views(volume: Picture, thickness: int | None = None) -> tuple[Picture, Picture, Picture]:
    """Return the mean along z, y and x, of all voxels or of some in the middle."""
    z, y, x = (middle(size, thickness or size) for size in volume.shape)
    return mean(volume[z], 0), mean(volume[:, y], 1), mean(volume[:, :, x], 2)


def _tile(view: Picture) -> Image.Image:
    """Return the picture of one view, with what it is wide or high in proportion."""
    picture = Image.fromarray(np.ascontiguousarray(contrast(view, _OUTSIDE)[::-1]))
    scale = _TILE / max(picture.size)
    width, height = (max(round(side * scale), 1) for side in picture.size)
    tile = Image.new("L", (_TILE, _TILE))
    tile.paste(picture.resize((width, height), Image.Resampling.BICUBIC), ((_TILE - width) // 2, (_TILE - height) // 2))
    return tile
