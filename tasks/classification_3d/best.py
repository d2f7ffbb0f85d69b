"""The particles of the density to go on with."""

from pathlib import Path

import pandas as pd

from tasks.errors import ResultError
from tasks.models import ParticleSet
from tasks.models.maps import Classes3D
from tasks.relion.rows import require_column, write_part

_CLASS = "rlnClassNumber"


def write_best(classes: Classes3D, folder: Path) -> ParticleSet:
    """Write the particles that show the best density; raise ResultError if there are none."""

    def of_best(table: pd.DataFrame) -> pd.DataFrame:
        require_column(table, _CLASS, classes.particles.star, "particles that were classified")
        return table[table[_CLASS].astype(int) == classes.best]

    kept = write_part(classes.particles, of_best, folder.resolve() / "best_class.star")
    if not kept.count:
        raise ResultError(f"no particle of {classes.particles.star} shows class {classes.best}, which was thought best")
    return kept
