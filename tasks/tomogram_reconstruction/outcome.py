"""What a reconstruction leaves behind, and whether it can be what it should be."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.errors import ResultError
from tasks.formats.mrc import header, mapped
from tasks.models import Tomogram
from tasks.numerics.shells import central_correlation, resolution

_LOOKED_AT = 5
"""Sections of a volume whose values are checked."""


def tomogram(volumes: Sequence[Path], voxel_size: float, program: str) -> Tomogram:
    """Describe a volume, or a volume and its even and odd halves, whose agreement is measured."""
    whole, *halves = volumes
    curve = central_correlation(mapped(halves[0]), mapped(halves[1])) if halves else None
    return Tomogram(
        path=whole,
        voxel_size=voxel_size,
        shape=header(whole).shape,
        even=halves[0] if halves else None,
        odd=halves[1] if halves else None,
        resolution=None if curve is None else resolution(curve, voxel_size),
        program=program,
    )


def accept(volume: Path, name: str, voxel_size: float, expected: tuple[int, int, int]) -> None:
    """Refuse a volume of another size than expected (z, y, x), empty, or without any contrast.

    Programs end well and leave such volumes: they round sizes to even ones, which is allowed.
    """
    found = header(volume)
    if any(abs(one - other) > 2 for one, other in zip(found.shape, expected, strict=True)):
        raise ResultError(f"{name} wrote a volume of {found.shape} voxels (z, y, x) instead of {expected}")
    if found.pixel_size is not None and abs(found.pixel_size / voxel_size - 1) > 0.02:
        raise ResultError(f"{name} wrote voxels of {found.pixel_size:.3f} angstrom instead of {voxel_size:.3f}")
    middle = found.shape[0] // 2
    chosen = mapped(volume)[max(middle - _LOOKED_AT // 2, 0) : middle + _LOOKED_AT // 2 + 1]
    planes = np.asarray(chosen, np.float32)
    if not np.isfinite(planes).all():
        raise ResultError(f"{name} wrote a volume that holds values which are not finite")
    if not planes.std():
        raise ResultError(f"{name} wrote a volume of nothing but {planes.flat[0]:g}")
