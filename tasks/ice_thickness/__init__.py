"""Estimate how thick the ice of micrographs is."""

from pathlib import Path
from typing import Annotated

from tasks.ice_thickness.embedded import EmbeddedIceThickness
from tasks.ice_thickness.icebreaker import IceBreaker
from tasks.models import IceThickness, Micrograph, one_of
from tasks.reuse import Place
from tasks.step import once, step

__all__ = ["EmbeddedIceThickness", "IceBreaker", "IceEstimator", "estimate_ice_thickness", "place_of_ice_thickness"]

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
