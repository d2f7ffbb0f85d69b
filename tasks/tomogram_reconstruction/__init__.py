"""Reconstruct tomograms of aligned tilt series."""

from pathlib import Path
from typing import Annotated

from tasks.models import Alignment, ImagedTiltSeries, Tomogram, one_of
from tasks.reuse import once
from tasks.step import step
from tasks.tomogram_reconstruction.aretomo3 import AreTomo3Reconstruction
from tasks.tomogram_reconstruction.embedded import EmbeddedReconstruction

__all__ = ["AreTomo3Reconstruction", "EmbeddedReconstruction", "TomogramReconstructor", "reconstruct_tomogram"]

TomogramReconstructor = Annotated[EmbeddedReconstruction | AreTomo3Reconstruction, one_of("tool")]


@step(task_run_name="tomogram of {series.name}", timeout_seconds=14400)
def reconstruct_tomogram(
    series: ImagedTiltSeries, alignment: Alignment, reconstructor: TomogramReconstructor, folder: Path
) -> Tomogram:
    """Reconstruct the tomogram of an aligned tilt series, unless it is done already."""
    record = folder / f"{series.name}.json"
    inputs = {"series": series, "alignment": alignment, "reconstructor": reconstructor}
    return once(record, Tomogram, lambda: reconstructor.reconstruct(series, alignment, folder), inputs)
