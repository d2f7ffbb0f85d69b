"""Refuse what nothing can be looked for in."""

from tasks.errors import InputError
from tasks.models import Tomogram


def wanted_diameter(diameter: float | None, tomogram: Tomogram) -> float:
    """Return the diameter in angstrom if there is one, and the tomogram is larger."""
    if diameter is None:
        raise InputError("diameter", "none", "the diameter of the particles in angstrom")
    thinnest = min(tomogram.shape) * tomogram.voxel_size
    if thinnest < diameter:
        deep, rows, columns = tomogram.shape
        found = f"{columns} x {rows} x {deep} voxels of {tomogram.voxel_size:g} angstrom"
        raise InputError(tomogram.path, found, f"more than a particle of {diameter:g} angstrom along each axis")
    return diameter
