"""Find the particles of micrographs."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from tasks.models import Micrograph, Picks
from tasks.particle_picking.embedded import EmbeddedPicking
from tasks.particle_picking.naming import name_of
from tasks.reuse import once
from tasks.step import step

__all__ = ["EmbeddedPicking", "ParticlePicker", "pick_particles"]

ParticlePicker = Annotated[EmbeddedPicking, Field()]


@step(task_run_name="picking of {micrograph.path.stem} {micrograph.section}", timeout_seconds=3600)
def pick_particles(micrograph: Micrograph, picker: ParticlePicker, folder: Path) -> Picks:
    """Find the particles of one micrograph, unless it is done already."""
    record = folder / f"{name_of(micrograph)}_picks.json"
    return once(record, Picks, lambda: picker.pick(micrograph, folder), {"micrograph": micrograph, "picker": picker})
