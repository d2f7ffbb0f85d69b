"""Which voxels are taken for membranes: those of high scores, and what is connected with them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.ndimage

Volume = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int32]
_ALL_NEIGHBOURS = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class Choice:
    """What a connected part needs, to be a membrane."""

    weak: float
    """Least score of a voxel."""
    strong: float
    """Least score of its best voxel."""
    voxels: float
    """Least number of voxels, before gaps are closed."""
    gap: int = 0
    """Half the width in voxels of the gaps that are closed: those between the leaflets of a membrane."""


def noise_of(scores: Volume) -> float:
    """Return the scores that noise has: the median of those that are not zero, as membranes are few."""
    positive = scores[scores > 0]
    return float(np.median(positive)) if positive.size else 0.0


def parts(scores: Volume, choice: Choice) -> Labels:
    """Return the connected parts that are membranes, numbered from 1, the largest first; all else is 0."""
    labels, count = scipy.ndimage.label(scores > choice.weak, _ALL_NEIGHBOURS)
    best = scipy.ndimage.maximum(scores, labels, np.arange(count + 1))
    chosen = (best > choice.strong) & (np.bincount(labels.ravel(), minlength=count + 1) >= choice.voxels)
    chosen[0] = False
    return numbered(closed(chosen[labels], choice.gap))


def closed(mask: Mask, gap: int) -> Mask:
    """Fill what lies between voxels that are at most twice as far apart as a number of voxels."""
    if not gap or not mask.any():
        return mask
    # At the faces of the volume, what lies beyond is taken for empty when it grows, and for full when it shrinks.
    near = scipy.ndimage.distance_transform_edt(~mask) <= gap
    found: Mask = mask | (scipy.ndimage.distance_transform_edt(near) > gap)
    return found


def numbered(mask: Mask) -> Labels:
    """Return the connected parts, numbered from 1, the largest first."""
    labels, count = scipy.ndimage.label(mask, _ALL_NEIGHBOURS)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    numbers = np.zeros(count + 1, np.int32)
    numbers[np.argsort(-sizes, kind="stable")[:count]] = np.arange(1, count + 1)
    found: Labels = numbers[labels]
    return found
