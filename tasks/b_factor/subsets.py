"""Random parts of the particles, each half as large as the next one."""

import math
from pathlib import Path

import numpy as np
import pandas as pd

from tasks.errors import InputError
from tasks.models import ParticleSet
from tasks.relion.rows import write_part


def subset_sizes(count: int, smallest: int = 2000) -> list[int]:
    """Return the sizes below a number of particles that double from the smallest one on."""
    return [smallest * 2**power for power in range(max(0, math.ceil(math.log2(count / smallest))))]


def draw_subset(particles: ParticleSet, size: int, seed: int, folder: Path) -> ParticleSet:
    """Write a random part of the particles to a folder; the same seed draws the same ones."""
    if not 0 < size <= particles.count:
        raise InputError("size", f"{size}", f"1 to {particles.count} particles of {particles.star.name}")
    chosen = np.sort(np.random.default_rng([seed, size]).choice(particles.count, size, replace=False))

    def draw(table: pd.DataFrame) -> pd.DataFrame:
        # RELION splits the particles anew, so that halves are alike in number.
        return table.iloc[chosen].drop(columns="rlnRandomSubset", errors="ignore")

    return write_part(particles, draw, folder.resolve() / f"particles_{size}.star")
