"""Align tilt series."""

from pathlib import Path
from typing import Annotated

from tasks.models import Alignment, ImagedTiltSeries, one_of
from tasks.reuse import once
from tasks.step import step
from tasks.tilt_series_alignment.aretomo3 import AreTomo3Alignment
from tasks.tilt_series_alignment.embedded import EmbeddedAlignment

__all__ = ["AreTomo3Alignment", "EmbeddedAlignment", "TiltSeriesAligner", "align_tilt_series"]

TiltSeriesAligner = Annotated[EmbeddedAlignment | AreTomo3Alignment, one_of("tool")]


@step(task_run_name="alignment of {series.name}", timeout_seconds=14400)
def align_tilt_series(series: ImagedTiltSeries, aligner: TiltSeriesAligner, folder: Path) -> Alignment:
    """Align the images of a tilt series, unless it is done already."""
    record = folder / f"{series.name}.json"
    inputs = {"series": series, "aligner": aligner}
    return once(record, Alignment, lambda: aligner.align(series, folder), inputs)
