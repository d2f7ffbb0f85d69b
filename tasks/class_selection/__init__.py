"""Keep the particles of good 2D classes, and leave out junk."""

from pathlib import Path
from typing import Annotated

from tasks.class_selection.embedded import EmbeddedRanking
from tasks.class_selection.relion import RelionClassRanker
from tasks.models import one_of
from tasks.models.classes import Classes2D, SelectedParticles
from tasks.reuse import Place
from tasks.step import once, step

__all__ = ["ClassSelector", "EmbeddedRanking", "RelionClassRanker", "place_of_selection", "select_classes"]

ClassSelector = Annotated[EmbeddedRanking | RelionClassRanker, one_of("tool")]


def place_of_selection(classes: Classes2D, selector: ClassSelector, folder: Path) -> Place[SelectedParticles]:
    """Say where the selection is recorded, and what it depends on."""
    return Place(folder / "selected.json", SelectedParticles, {"classes": classes, "selector": selector})


@step(task_run_name="selection among {classes.particles.count} particles")
def select_classes(classes: Classes2D, selector: ClassSelector, folder: Path) -> SelectedParticles:
    """Keep the particles of good classes, unless it is done already."""
    return once(place_of_selection(classes, selector, folder), lambda: selector.select(classes, folder))
