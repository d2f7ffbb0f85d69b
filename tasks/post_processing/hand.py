"""Give a density the other hand, with all that belongs to it.

Images are projections, and the density inverted through its centre has the same ones, each turned by half a turn in
its plane. So no hand can be found from images alone, and none has to be refined again: inverted are the maps, and 180
degree are added to psi of each particle. Point groups of rotations keep their axes.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.formats.mrc import read_volume, write_mrc
from tasks.models import ParticleSet
from tasks.models.maps import Map, Refinement
from tasks.models.resolution import Mirrored, PostProcessed
from tasks.relion.rows import require_column, write_part

_PSI = "rlnAnglePsi"


def mirror(refinement: Refinement, sharpened: PostProcessed, folder: Path) -> Mirrored:
    """Write the density of the other hand, its halves and its mask, and the particles that show it, to a folder."""
    folder = folder.resolve()
    halves = refinement.map.halves
    both = None if halves is None else tuple(_mirrored(half, refinement.map, folder) for half in halves)
    size = sharpened.map
    return Mirrored(
        refinement=refinement.model_copy(
            update={
                "map": _mirrored_map(refinement.map, folder).model_copy(update={"halves": both}),
                "particles": mirrored_particles(refinement.particles, folder / "particles.star"),
            }
        ),
        sharpened=sharpened.model_copy(
            update={
                "map": _mirrored_map(size, folder),
                "masked": _mirrored(sharpened.masked, size, folder),
                "mask": _mirrored(sharpened.mask, size, folder),
            }
        ),
    )


def inverted(volume: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return a volume inverted through its centre, the voxel at half of the side."""
    moved = tuple(1 - length % 2 for length in volume.shape)
    return np.roll(volume[::-1, ::-1, ::-1], moved, axis=(0, 1, 2))


def mirrored_particles(particles: ParticleSet, star: Path) -> ParticleSet:
    """Write the particles with the angles that they have in the inverted density."""

    def half_a_turn(table: pd.DataFrame) -> pd.DataFrame:
        require_column(table, _PSI, particles.star, "particles that were refined")
        psi = table[_PSI].astype(float)
        return table.assign(**{_PSI: psi.where(psi <= 0, psi - 180).where(psi > 0, psi + 180)})

    return write_part(particles, half_a_turn, star)


def _mirrored_map(density: Map, folder: Path) -> Map:
    return density.model_copy(update={"path": _mirrored(density.path, density, folder)})


def _mirrored(path: Path, density: Map, folder: Path) -> Path:
    target = folder / path.name
    write_mrc(target, inverted(read_volume(path)), density.pixel_size)
    return target
