"""Parts of the particles of a STAR file."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from tasks.errors import FormatError
from tasks.formats.star import read_star, write_star
from tasks.models import ParticleSet


def write_part(particles: ParticleSet, part: Callable[[pd.DataFrame], pd.DataFrame], star: Path) -> ParticleSet:
    """Write the rows of particles that a function takes, and all other blocks as they are."""
    blocks = read_star(particles.star)
    table = blocks.get("particles")
    if not isinstance(table, pd.DataFrame):
        raise FormatError(particles.star, f"blocks {', '.join(blocks)}", "a table data_particles")
    kept = part(table)
    write_star(star, {**blocks, "particles": kept})
    return particles.model_copy(update={"star": star, "count": len(kept)})


def require_column(table: pd.DataFrame, name: str, source: Path, expected: str) -> None:
    """Refuse a table without a column."""
    if name not in table:
        raise FormatError(source, f"no {name}", expected)
