"""Correlate patches of the specimen between tilts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.numerics.device import Array, namespace, to_host
from tasks.numerics.fourier import irfft2, rfft2
from tasks.tilt_series_alignment.geometry import Geometry, Numbers
from tasks.tilt_series_alignment.preparation import Prepared
from tasks.tilt_series_alignment.specimen_plane import beside, unfold
from tasks.tilt_series_alignment.weighting import PairWeights, Spectrum

_COVERED = 0.7
"""Part of a patch that an image must cover."""


@dataclass(frozen=True)
class PatchGrid:
    """Overlapping patches of the specimen, seen from above."""

    side: int
    """Side of a patch in working pixels."""
    centres: npt.NDArray[np.intp]
    """x and y of each patch from the centre of the plane (patches, 2)."""

    @classmethod
    def over(cls, size: int, side: int) -> "PatchGrid":
        """Cover a plane of a size with patches that overlap by half."""
        count = max(1, (size - side) // (side // 2) + 1)
        places = (np.arange(count) * 2 - count + 1) * (side // 2) // 2
        y, x = np.meshgrid(places, places, indexing="ij")
        return cls(side, np.stack([x.ravel(), y.ravel()], axis=1))

    @property
    def quarter(self) -> npt.NDArray[np.bool_]:
        """Whether a patch is in the first and third quarter of the plane, or else in the others."""
        return np.asarray((self.centres[:, 0] < 0) == (self.centres[:, 1] < 0))


@dataclass(frozen=True)
class PatchPairs:
    """Correlations of each patch between pairs of tilts."""

    grid: PatchGrid
    geometry: Geometry
    """How the images were unfolded."""
    weights: PairWeights
    maps: npt.NDArray[np.float32]
    """Correlations (patches, pairs, side, side); 0 where an image does not show the patch."""
    offsets: Numbers
    """Where each patch was cut in each unfolded image, from where it would be at height 0 (patches, tilts)."""
    seen: npt.NDArray[np.bool_]
    """Whether an image shows the patch (patches, tilts)."""
    heights: Numbers
    """Height of each patch for which it was cut, in pixels."""

    @property
    def window(self) -> int:
        """Largest shift in pixels."""
        return int(self.maps.shape[-1]) // 2

    @property
    def pairs(self) -> npt.NDArray[np.intp]:
        """The two tilts of each pair."""
        return self.weights.pairs

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """Whether both images of a pair show a patch (patches, pairs)."""
        return self.seen[:, self.pairs[:, 0]] & self.seen[:, self.pairs[:, 1]]


def correlate_patches(  # noqa: PLR0913, PLR0917 - all of them shape the correlations
    prepared: Prepared, geometry: Geometry, grid: PatchGrid, heights: Numbers, reach: int, depth: float, window: int
) -> PatchPairs:
    """Correlate each patch between tilts that are at most ``reach`` apart, within a window of shifts in pixels.

    A patch is a layer of a depth around its height, both in pixels.
    """
    spectrum = Spectrum(prepared.signal, geometry.cosines, grid.side)
    weights = PairWeights(spectrum, geometry.tangents, reach, depth)
    unfolded = [unfold(prepared, geometry, index, 2 * prepared.size) for index in range(len(geometry.angles))]
    images = [image for image, _ in unfolded]
    covers = [to_host(cover) for _, cover in unfolded]
    offsets = np.rint(heights[:, None] * geometry.tangents)
    seen = np.array(
        [
            [_covered(cover, grid, centre, int(offset)) for cover, offset in zip(covers, row, strict=True)]
            for centre, row in zip(grid.centres, offsets, strict=True)
        ]
    )
    table = beside(images[0], np.stack([weights.of(first, second) for first, second in weights.pairs]))
    side = 2 * window + 1
    maps = np.zeros((len(grid.centres), len(weights.pairs), side, side), np.float32)
    for patch, centre in enumerate(grid.centres):
        cut = [
            _cut(image, grid.side, centre, int(offset)) if shown else None
            for image, offset, shown in zip(images, offsets[patch], seen[patch], strict=True)
        ]
        valid = seen[patch][weights.pairs].all(axis=1)
        if valid.any():
            maps[patch, valid] = _correlations(cut, weights.pairs, valid, table, window)
    return PatchPairs(grid, geometry, weights, maps, offsets, seen, heights)


def _corner(shape: tuple[int, ...], side: int, centre: npt.NDArray[np.intp], offset: int) -> tuple[int, int] | None:
    """Return column and row of the first pixel of a patch, or None if it leaves the plane."""
    column = int(centre[0]) + offset + shape[1] // 2 - side // 2
    row = int(centre[1]) + shape[0] // 2 - side // 2
    inside = min(column, row) >= 0 and column + side <= shape[1] and row + side <= shape[0]
    return (column, row) if inside else None


def _covered(cover: npt.NDArray[np.float32], grid: PatchGrid, centre: npt.NDArray[np.intp], offset: int) -> bool:
    corner = _corner(cover.shape, grid.side, centre, offset)
    if corner is None:
        return False
    column, row = corner
    return bool(cover[row : row + grid.side, column : column + grid.side].mean() >= _COVERED)


def _cut(image: Array, side: int, centre: npt.NDArray[np.intp], offset: int) -> Array:
    """Return a patch that fades at its edges."""
    column, row = _corner(image.shape, side, centre, offset) or (0, 0)
    fade = np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2
    return image[row : row + side, column : column + side] * beside(image, np.outer(fade, fade))


def _correlations(
    patches: list[Array | None],
    pairs: npt.NDArray[np.intp],
    valid: npt.NDArray[np.bool_],
    weights: Array,
    window: int,
) -> npt.NDArray[np.float32]:
    """Return the correlations of the valid pairs of one patch, around no shift."""
    shown = [patch for patch in patches if patch is not None]
    xp = namespace(shown[0])
    place = np.cumsum([patch is not None for patch in patches]) - 1
    transforms = rfft2(xp.stack(shown))
    side = int(shown[0].shape[0])
    chosen = [int(index) for index in np.flatnonzero(valid)]
    first, second = (_rows(transforms, place[pairs[valid, column]]) for column in (0, 1))
    product = first * xp.conj(second) * _rows(weights, chosen)
    correlation = xp.roll(irfft2(product, (side, side)), (window, window), axis=(-2, -1))
    return np.asarray(to_host(correlation[:, : 2 * window + 1, : 2 * window + 1]) / side, np.float32)


def _rows(array: Array, numbers: npt.NDArray[np.intp] | list[int]) -> Array:
    xp = namespace(array)
    indices = np.asarray(numbers, np.int64)
    if isinstance(array, np.ndarray):
        return array[indices]
    return xp.take(array, xp.asarray(indices, device=array.device), axis=0)
