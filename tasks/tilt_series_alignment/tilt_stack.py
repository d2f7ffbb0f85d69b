"""Read the images of a series, binned to what alignment needs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from tasks.errors import InputError
from tasks.formats.mrc import header, read_image
from tasks.models import ImagedTiltSeries, TiltImage
from tasks.numerics.fourier import bin_image

_FINEST = 10.0
"""Angstrom per working pixel: finer detail is noise in a single tilt."""
_FEWEST, _MOST = 192, 400
"""Sides between which working images are kept, whatever their scale."""


@dataclass(frozen=True)
class TiltStack:
    """Binned images of a series in order of the tilt angle."""

    tilts: tuple[TiltImage, ...]
    images: npt.NDArray[np.float32]
    """Images (n, ny, nx)."""
    pixel_size: float
    """Pixel of the specimen in angstrom to which displacements refer."""
    scale: tuple[float, float]
    """Pixels of an image per such pixel, in x and y."""
    centre: tuple[float, float]
    """Column and row of the centre of the image as it was before binning."""

    @property
    def angles(self) -> npt.NDArray[np.float64]:
        """Nominal tilt angles in degree."""
        return np.array([image.tilt.angle for image in self.tilts])

    @property
    def names(self) -> tuple[str, ...]:
        """The tilts."""
        return tuple(image.tilt.name for image in self.tilts)

    def only(self, kept: npt.NDArray[np.bool_]) -> Self:
        """Keep some of the images."""
        tilts = tuple(image for image, keep in zip(self.tilts, kept, strict=True) if keep)
        return replace(self, tilts=tilts, images=self.images[kept])


def read_stack(series: ImagedTiltSeries) -> TiltStack:
    """Read and bin the images of a series, one after another."""
    tilts = tuple(sorted(series.images, key=lambda image: image.tilt.angle))
    if not tilts:
        raise InputError(f"tilt series {series.name}", "no image", "at least 3 images that can be aligned")
    shape, pixel_size = _common_size(tilts)
    small = working_shape(shape, pixel_size)
    bins = [full / binned for full, binned in zip(shape, small, strict=True)]
    working = max(bins, key=abs)
    images = np.stack([*_binned(tilts, small)])
    return TiltStack(
        tilts=tilts,
        images=images,
        pixel_size=pixel_size * working,
        scale=(working / bins[1], working / bins[0]),
        centre=(shape[1] // 2 / bins[1], shape[0] // 2 / bins[0]),
    )


def working_shape(shape: tuple[int, int], pixel_size: float) -> tuple[int, int]:
    """Return rows and columns of the images to be aligned."""
    longest = max(shape)
    side = min(longest, max(_FEWEST, min(_MOST, round(longest * pixel_size / _FINEST))))
    rows, columns = (max(2, 2 * round(length * side / longest / 2)) for length in shape)
    return rows, columns


def _common_size(tilts: tuple[TiltImage, ...]) -> tuple[tuple[int, int], float]:
    """Return the size and pixel size that all images have."""
    first = tilts[0].micrograph
    _, rows, columns = header(first.path).shape
    for image in tilts[1:]:
        _, *found = header(image.micrograph.path).shape
        if found != [rows, columns]:
            raise InputError(
                image.micrograph.path, f"{found[1]} x {found[0]} pixels", f"{columns} x {rows}, as {first.path.name}"
            )
        if abs(image.micrograph.pixel_size / first.pixel_size - 1) > 1e-3:
            raise InputError(
                image.micrograph.path, f"a pixel of {image.micrograph.pixel_size} A", f"{first.pixel_size} A"
            )
    return (rows, columns), first.pixel_size


def _binned(tilts: tuple[TiltImage, ...], shape: tuple[int, int]) -> Iterator[npt.NDArray[np.float32]]:
    for image in tilts:
        whole = read_image(image.micrograph.path, image.micrograph.section)
        same = whole.shape == shape
        yield whole if same else np.asarray(bin_image(whole, shape), np.float32)
