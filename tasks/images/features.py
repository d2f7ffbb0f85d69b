"""Pictures of tomograms with the features in colour that were found in them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from tasks.formats.mrc import mapped
from tasks.images.pictures import Grey, contrast, upright_colours
from tasks.images.slices import GAP, central_slices, mean, middle

COLOURS = ((255, 140, 0), (90, 200, 255), (120, 230, 120), (230, 110, 220), (250, 230, 90))
"""Of the features in their order; more of them begin again."""
_COVER = 0.6
"""Share of a colour where something is labelled."""
_THICKNESS = 5

Colours = npt.NDArray[np.uint8]


def beside_features(plain: Path, shown: Path, labels: Sequence[Path], longest: int = 1024) -> Image.Image:
    """Picture the central XY slices of two volumes beside each other, the second with its labels in colour."""
    left = _grey(contrast(central_slices(plain)[0]))
    right = _coloured(contrast(central_slices(shown)[0]), [_central(path, 0) for path in labels])
    return upright_colours(np.hstack([left, np.full((len(left), GAP, 3), 255, np.uint8), right]), longest)


def picture_features(volume: Path, labels: Sequence[Path], longest: int = 512) -> Image.Image:
    """Picture the central XY slice of a volume, with the XZ slice below it, and its labels in colour."""
    xy, xz, _ = central_slices(volume)
    parts = [
        _coloured(contrast(xz), [_central(path, 1) for path in labels]),
        np.full((GAP, xy.shape[1], 3), 128, np.uint8),
        _coloured(contrast(xy), [_central(path, 0) for path in labels]),
    ]
    # y points up: what stands below comes first.
    return upright_colours(np.vstack(parts), longest)


def _central(labels: Path, axis: int) -> npt.NDArray[np.float32]:
    """Return how much of the central slice is labelled, from 0 to 1."""
    volume = mapped(labels)
    central = middle(volume.shape[axis], _THICKNESS)
    slab = volume[central] if axis == 0 else volume[:, central]
    return mean(slab > 0, axis)


def _coloured(grey: Grey, shares: Sequence[npt.NDArray[np.float32]]) -> Colours:
    picture = _grey(grey).astype(np.float32)
    for number, share in enumerate(shares):
        colour = np.array(COLOURS[number % len(COLOURS)], np.float32)
        cover = (_COVER * share)[..., None]
        picture += cover * (colour - picture)
    return picture.astype(np.uint8)


def _grey(grey: Grey) -> Colours:
    return np.repeat(grey[..., None], 3, axis=2)
