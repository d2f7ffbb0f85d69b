"""Find the point group of a density, or take the one that is known."""

from pathlib import Path
from typing import Annotated

from tasks.models import one_of
from tasks.models.maps import FoundSymmetry, Map
from tasks.reuse import Place
from tasks.step import once, step
from tasks.symmetry_search.given import GivenSymmetry
from tasks.symmetry_search.relion import RelionSymmetrySearch

__all__ = ["GivenSymmetry", "RelionSymmetrySearch", "SymmetrySearch", "find_symmetry", "place_of_symmetry"]

SymmetrySearch = Annotated[RelionSymmetrySearch | GivenSymmetry, one_of("tool")]


def place_of_symmetry(density: Map, diameter: float, search: SymmetrySearch, folder: Path) -> Place[FoundSymmetry]:
    """Say where a symmetry is recorded, and what it depends on."""
    return Place(folder / "symmetry.json", FoundSymmetry, {"density": density, "diameter": diameter, "search": search})


@step(task_run_name="symmetry of {density.path.stem}")
def find_symmetry(density: Map, diameter: float, search: SymmetrySearch, folder: Path) -> FoundSymmetry:
    """Find the symmetry of a density, unless it is done already."""
    return once(place_of_symmetry(density, diameter, search, folder), lambda: search.find(density, diameter, folder))
