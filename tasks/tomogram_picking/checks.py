"""Refuse what nothing can be looked for in."""

from tasks.errors import InputError
from tasks.models import Tomogram


def check(tomogram: Tomogram, diameter: float) -> None:
    """Refuse a tomogram that is not larger than a particle of a diameter in angstrom."""
    thinnest = min(tomogram.shape) * tomogram.voxel_size
    if thinnest < diameter:
        deep, rows, columns = tomogram.shape
        found = f"{columns} x {rows} x {deep} voxels of {tomogram.voxel_size:g} angstrom"
        raise InputError(tomogram.path, found, f"more than a particle of {diameter:g} angstrom along each axis")
