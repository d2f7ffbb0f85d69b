"""Cut many particles into batches that are classified one after the other."""

import math
from pathlib import Path

import pandas as pd

from tasks.models import Model, ParticleSet
from tasks.relion.rows import write_part


class Batches(Model):
    """All particles, in batches."""

    batches: tuple[ParticleSet, ...]
    """In the order of the particles."""


def cut_particles(particles: ParticleSet, size: int, folder: Path) -> Batches:
    """Write batches of at most so many particles, and of like numbers, to a folder; a single one is left as it is."""
    count = math.ceil(particles.count / size)
    if count < 2:
        return Batches(batches=(particles,))
    ends = [particles.count * number // count for number in range(count + 1)]
    parts = []
    for number in range(count):

        def rows(table: pd.DataFrame, first: int = ends[number], end: int = ends[number + 1]) -> pd.DataFrame:
            return table.iloc[first:end]

        parts.append(write_part(particles, rows, folder.resolve() / f"particles_{number + 1}.star"))
    return Batches(batches=tuple(parts))
