"""Find the particles of micrographs."""

from pathlib import Path
from typing import Annotated

from tasks.models import Micrograph, Picks, one_of
from tasks.particle_picking.cryolo import Cryolo
from tasks.particle_picking.embedded import EmbeddedPicking
from tasks.particle_picking.naming import name_of
from tasks.particle_picking.relion_log import RelionLog
from tasks.particle_picking.relion_templates import RelionTemplates
from tasks.particle_picking.session import typical_diameter
from tasks.particle_picking.topaz import Topaz
from tasks.reuse import Place
from tasks.step import once, step

__all__ = [
    "Cryolo",
    "EmbeddedPicking",
    "ParticlePicker",
    "RelionLog",
    "RelionTemplates",
    "Topaz",
    "has_one_diameter",
    "pick_particles",
    "place_of_picks",
    "sizes_for",
    "typical_diameter",
]

ParticlePicker = Annotated[EmbeddedPicking | RelionLog | RelionTemplates | Topaz | Cryolo, one_of("tool")]

_ONE_DIAMETER = frozenset({"cryolo", "relion_templates", "topaz"})


def has_one_diameter(tool: object) -> bool:
    """Tell whether a tool has one diameter of the particles; the others have a range of diameters."""
    return tool in _ONE_DIAMETER


def sizes_for(tool: object, smallest: float, largest: float) -> dict[str, float | tuple[float, float]]:
    """Return the parameters by which a tool looks for particles between two diameters in angstrom.

    One that has one diameter looks for those in the middle.
    """
    return {"diameter": (smallest + largest) / 2} if has_one_diameter(tool) else {"diameter_range": (smallest, largest)}


def place_of_picks(micrograph: Micrograph, picker: ParticlePicker, folder: Path) -> Place[Picks]:
    """Say where the picks of a micrograph are recorded, and what they depend on."""
    return Place(folder / f"{name_of(micrograph)}_picks.json", Picks, {"micrograph": micrograph, "picker": picker})


@step(task_run_name="picking of {micrograph.path.stem} {micrograph.section}", timeout_seconds=3600)
def pick_particles(micrograph: Micrograph, picker: ParticlePicker, folder: Path) -> Picks:
    """Find the particles of one micrograph, unless it is done already."""
    return once(place_of_picks(micrograph, picker, folder), lambda: picker.pick(micrograph, folder))
