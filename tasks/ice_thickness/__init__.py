"""Estimate how thick the ice of micrographs is."""

from pathlib import Path
from typing import Annotated

from tasks.ice_thickness.embedded import EmbeddedIceThickness
from tasks.ice_thickness.icebreaker import IceBreaker
from tasks.ice_thickness.particles import read_picks, write_ice
from tasks.models import IceOfParticles, IceThickness, Micrograph, Picks, one_of
from tasks.reuse import Place
from tasks.step import once, step

__all__ = [
    "EmbeddedIceThickness",
    "IceBreaker",
    "IceEstimator",
    "estimate_ice_thickness",
    "find_ice_of_particles",
    "place_of_ice_of_particles",
    "place_of_ice_thickness",
]

IceEstimator = Annotated[EmbeddedIceThickness | IceBreaker, one_of("tool")]


def place_of_ice_thickness(micrograph: Micrograph, estimator: IceEstimator, folder: Path) -> Place[IceThickness]:
    """Say where the ice thickness of a micrograph is recorded, and what it depends on."""
    section = f"_section{micrograph.section:03d}" if micrograph.section else ""
    record = folder / f"{micrograph.path.stem}{section}_ice.json"
    return Place(record, IceThickness, {"micrograph": micrograph, "estimator": estimator})


@step(task_run_name="ice of {micrograph.path.stem} {micrograph.section}", timeout_seconds=3600)
def estimate_ice_thickness(micrograph: Micrograph, estimator: IceEstimator, folder: Path) -> IceThickness:
    """Estimate the ice thickness of one micrograph, unless it is done already."""
    return once(place_of_ice_thickness(micrograph, estimator, folder), lambda: estimator.estimate(micrograph, folder))


def place_of_ice_of_particles(
    picks: Picks, ice: IceThickness, estimator: IceEstimator, folder: Path
) -> Place[IceOfParticles]:
    """Say where the ice of the particles of a micrograph is recorded, and what it depends on."""
    given = {"picks": picks, "ice": ice, "estimator": estimator}
    return Place(folder / f"{picks.coordinates.stem}_ice.json", IceOfParticles, given)


@step(task_run_name="ice of particles of {picks.micrograph.path.stem} {picks.micrograph.section}", timeout_seconds=3600)
def find_ice_of_particles(picks: Picks, ice: IceThickness, estimator: IceEstimator, folder: Path) -> IceOfParticles:
    """Find the ice in which the particles of one micrograph lie, unless it is done already."""
    place = place_of_ice_of_particles(picks, ice, estimator, folder)
    return once(place, lambda: _ice_of_particles(picks, ice, estimator, place.record.with_suffix(".star")))


def _ice_of_particles(picks: Picks, ice: IceThickness, estimator: IceEstimator, star: Path) -> IceOfParticles:
    table, places = read_picks(picks.coordinates)
    return write_ice(star, table, estimator.light_at(places, picks.micrograph, ice), ice)
