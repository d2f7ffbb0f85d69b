"""What a reconstruction leaves behind."""

from collections.abc import Sequence
from pathlib import Path

from tasks.formats.mrc import header, mapped
from tasks.models import Tomogram
from tasks.numerics.shells import central_correlation, resolution


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
