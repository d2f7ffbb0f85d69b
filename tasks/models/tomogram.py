"""Volumes reconstructed of tilt series."""

from pathlib import Path

from pydantic import PositiveFloat, PositiveInt

from tasks.models.base import Model


class Tomogram(Model):
    """A volume, dense material dark, with axes z, y (the tilt axis) and x."""

    path: Path
    """MRC volume."""
    voxel_size: PositiveFloat
    """Voxel size in angstrom."""
    shape: tuple[PositiveInt, PositiveInt, PositiveInt]
    """Voxels in z, y and x."""
    even: Path | None = None
    """Volume of the even frames (or of every second tilt, where there are no frames)."""
    odd: Path | None = None
    """Volume of the odd frames (or of the other tilts)."""
    resolution: PositiveFloat | None = None
    """Resolution at which the halves agree (FSC 0.143) in angstrom, where it was measured."""
    program: str
    """Name and version of the program."""
