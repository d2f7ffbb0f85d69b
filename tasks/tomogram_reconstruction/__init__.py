"""Reconstruct tomograms of aligned tilt series."""

from pathlib import Path
from typing import Annotated

from tasks.models import Alignment, ImagedTiltSeries, Tomogram, one_of
from tasks.reuse import Place
from tasks.step import once, step
from tasks.tomogram_reconstruction.aretomo2 import AreTomo2Reconstruction
from tasks.tomogram_reconstruction.aretomo3 import AreTomo3Reconstruction
from tasks.tomogram_reconstruction.embedded import EmbeddedReconstruction
from tasks.tomogram_reconstruction.imod import ImodReconstruction

__all__ = [
    "AreTomo2Reconstruction",
    "AreTomo3Reconstruction",
    "EmbeddedReconstruction",
    "ImodReconstruction",
    "TomogramReconstructor",
    "place_of_tomogram",
    "reconstruct_tomogram",
]

TomogramReconstructor = Annotated[
    EmbeddedReconstruction | AreTomo2Reconstruction | AreTomo3Reconstruction | ImodReconstruction, one_of("tool")
]


def place_of_tomogram(
    series: ImagedTiltSeries, alignment: Alignment, reconstructor: TomogramReconstructor, folder: Path
) -> Place[Tomogram]:
    """Say where the tomogram of a tilt series is recorded, and what it depends on."""
    inputs = {"series": series, "alignment": alignment, "reconstructor": reconstructor}
    return Place(folder / f"{series.name}.json", Tomogram, inputs)


@step(task_run_name="tomogram of {series.name}", timeout_seconds=14400)
def reconstruct_tomogram(
    series: ImagedTiltSeries, alignment: Alignment, reconstructor: TomogramReconstructor, folder: Path
) -> Tomogram:
    """Reconstruct the tomogram of an aligned tilt series, unless it is done already."""
    place = place_of_tomogram(series, alignment, reconstructor, folder)
    return once(place, lambda: reconstructor.reconstruct(series, alignment, folder))
