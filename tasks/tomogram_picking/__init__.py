"""Find the particles of tomograms."""

from pathlib import Path
from typing import Annotated

from tasks.models import Tomogram, TomogramPicks, one_of
from tasks.reuse import Place
from tasks.step import once, step
from tasks.tomogram_picking.cryolo import CryoloTomogramPicking
from tasks.tomogram_picking.embedded import EmbeddedTomogramPicking

__all__ = [
    "CryoloTomogramPicking",
    "EmbeddedTomogramPicking",
    "TomogramPicker",
    "pick_tomogram",
    "place_of_tomogram_picks",
]

TomogramPicker = Annotated[EmbeddedTomogramPicking | CryoloTomogramPicking, one_of("tool")]


def place_of_tomogram_picks(
    name: str, tomogram: Tomogram, picker: TomogramPicker, folder: Path
) -> Place[TomogramPicks]:
    """Say where the picks of the tomogram of a tilt series are recorded, and what they depend on."""
    inputs = {"name": name, "tomogram": tomogram, "picker": picker}
    return Place(folder / f"{name}_picks.json", TomogramPicks, inputs)


@step(task_run_name="picking of {name}", timeout_seconds=14400)
def pick_tomogram(name: str, tomogram: Tomogram, picker: TomogramPicker, folder: Path) -> TomogramPicks:
    """Find the particles in the tomogram of a tilt series, unless it is done already."""
    place = place_of_tomogram_picks(name, tomogram, picker, folder)
    return once(place, lambda: picker.pick(name, tomogram, folder))
