"""Find a first density: from particles alone, or one that is known."""

from pathlib import Path
from typing import Annotated

from tasks.initial_model.given import GivenModel
from tasks.initial_model.relion import RelionInitialModel
from tasks.models import ParticleSet, one_of
from tasks.models.maps import InitialModel
from tasks.reuse import Place
from tasks.step import once, step

__all__ = ["GivenModel", "InitialModelFinder", "RelionInitialModel", "find_initial_model", "place_of_initial_model"]

InitialModelFinder = Annotated[RelionInitialModel | GivenModel, one_of("tool")]


def place_of_initial_model(particles: ParticleSet, finder: InitialModelFinder, folder: Path) -> Place[InitialModel]:
    """Say where an initial model is recorded, and what it depends on."""
    return Place(folder / "initial_model.json", InitialModel, {"particles": particles, "finder": finder})


@step(task_run_name="initial model of {particles.count} particles")
def find_initial_model(particles: ParticleSet, finder: InitialModelFinder, folder: Path) -> InitialModel:
    """Find a first density of particles, unless it is done already."""
    return once(place_of_initial_model(particles, finder, folder), lambda: finder.find(particles, folder))
