"""A first density that is known: of the same or a like particle."""

from pathlib import Path
from typing import Literal

from pydantic import PositiveFloat

from tasks.errors import InputError
from tasks.formats.mrc import header
from tasks.models import Model, ParticleSet
from tasks.models.maps import Class3D, InitialModel, Map


class GivenModel(Model):
    """A density that the user gives; its hand, its axes and its mistakes go into all that follows."""

    tool: Literal["given"] = "given"
    map: Path
    """MRC volume, a cube with dense material bright; it is scaled to the particles where it is used."""
    pixel_size: PositiveFloat | None = None
    """Voxel size in angstrom; none to take that of the file."""
    resolution: PositiveFloat = 20.0
    """Resolution in angstrom up to which it is believed: the symmetry search sees no finer than twice that."""

    def find(self, particles: ParticleSet, _folder: Path) -> InitialModel:
        """Take the density as it is."""
        if not self.map.is_file():
            raise InputError(self.map, "no such file", "a density")
        found = header(self.map)
        if len(set(found.shape)) != 1:
            raise InputError(self.map, f"{' x '.join(map(str, found.shape))} voxels", "a cube")
        pixel_size = self.pixel_size or found.pixel_size
        if not pixel_size:
            raise InputError(self.map, "no voxel size in its header", "pixel_size to be given")
        density = Map(
            path=self.map, pixel_size=pixel_size, box_size=found.shape[0], resolution=max(self.resolution, pixel_size)
        )
        return InitialModel(
            map=density,
            classes=(Class3D(number=1, particles=particles.count, fraction=1.0, map=density),),
            best=1,
            why=f"{self.map.name}, as given",
            program="given",
        )
