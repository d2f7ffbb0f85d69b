"""Reconstruct tomograms of aligned tilt series."""

from pathlib import Path

from tasks.models import Alignment, ImagedTiltSeries, Tomogram
from tasks.reuse import once
from tasks.step import step
from tasks.tomogram_reconstruction.embedded import EmbeddedReconstruction

__all__ = ["EmbeddedReconstruction", "TomogramReconstructor", "reconstruct_tomogram"]

TomogramReconstructor = EmbeddedReconstruction


@step(task_run_name="tomogram of {series.name}", timeout_seconds=14400)
def reconstruct_tomogram(
    series: ImagedTiltSeries, alignment: Alignment, reconstructor: TomogramReconstructor, folder: Path
) -> Tomogram:
    """Reconstruct the tomogram of an aligned tilt series, unless it is done already."""
    record = folder / f"{series.name}.json"
    inputs = {"series": series, "alignment": alignment, "reconstructor": reconstructor}
    return once(record, Tomogram, lambda: reconstructor.reconstruct(series, alignment, folder), inputs)
