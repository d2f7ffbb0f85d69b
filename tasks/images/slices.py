"""Central slices of tomograms."""

from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import numpy.typing as npt

from tasks.images.pictures import Grey, contrast, save_picture, upright

GAP = 4


def central_slices(path: Path, thickness: int = 5) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the XY, XZ and ZY slices through the centre of a volume, each the mean of ``thickness`` voxels."""
    with mrcfile.mmap(path, permissive=True) as file:
        volume = file.data
        z, y, x = (middle(size, thickness) for size in volume.shape)
        return mean(volume[z], 0), mean(volume[:, y], 1), mean(volume[:, :, x], 2).T


def picture_slices(volume: Path, picture: Path, longest: int = 1024) -> Path:
    """Picture the three central slices of a volume: XY with XZ below it and ZY beside it."""
    return save_picture(picture, upright(_assembled(*map(contrast, central_slices(volume))), longest))


def _assembled(xy: Grey, xz: Grey, zy: Grey) -> Grey:
    (ny, nx), nz = xy.shape, xz.shape[0]
    sheet = np.full((ny + GAP + nz, nx + GAP + nz), 255, np.uint8)
    # y points up: what stands below comes first.
    sheet[nz + GAP :, :nx] = xy
    sheet[:nz, :nx] = xz
    sheet[nz + GAP :, nx + GAP :] = zy
    return sheet


def middle(size: int, thickness: int) -> slice:
    """Return the slice of ``thickness`` voxels in the middle of so many."""
    start = max(0, size // 2 - thickness // 2)
    return slice(start, start + thickness)


def mean(slab: npt.NDArray[Any], axis: int) -> npt.NDArray[np.float32]:
    """Return the mean of a slab along an axis."""
    flat: npt.NDArray[np.float32] = np.asarray(slab, np.float32).mean(axis=axis, dtype=np.float32)
    return flat
