"""Refine one density to the best resolution that the particles give."""

from pathlib import Path

from tasks.models import ParticleSet
from tasks.models.maps import Map, Refinement
from tasks.refinement.relion import RelionRefinement
from tasks.reuse import Place
from tasks.step import once, step

__all__ = ["Refiner", "RelionRefinement", "place_of_refinement", "refine"]

Refiner = RelionRefinement


def place_of_refinement(particles: ParticleSet, reference: Map, refiner: Refiner, folder: Path) -> Place[Refinement]:
    """Say where a refinement is recorded, and what it depends on."""
    given = {"particles": particles, "reference": reference, "refiner": refiner}
    return Place(folder / "refinement.json", Refinement, given)


@step(task_run_name="refinement of {particles.count} particles")
def refine(particles: ParticleSet, reference: Map, refiner: Refiner, folder: Path) -> Refinement:
    """Refine a density against particles, unless it is done already."""
    place = place_of_refinement(particles, reference, refiner, folder)
    return once(place, lambda: refiner.refine(particles, reference, folder))
