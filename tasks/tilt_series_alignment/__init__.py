"""Align tilt series."""

from pathlib import Path
from typing import Annotated

from tasks.models import Alignment, ImagedTiltSeries, one_of
from tasks.reuse import Place
from tasks.step import once, step
from tasks.tilt_series_alignment.agreement import agreement
from tasks.tilt_series_alignment.aretomo2 import AreTomo2Alignment
from tasks.tilt_series_alignment.aretomo3 import AreTomo3Alignment
from tasks.tilt_series_alignment.embedded import EmbeddedAlignment
from tasks.tilt_series_alignment.given import GivenAlignment
from tasks.tilt_series_alignment.imod_alignment import ImodAlignment

__all__ = [
    "AreTomo2Alignment",
    "AreTomo3Alignment",
    "EmbeddedAlignment",
    "GivenAlignment",
    "ImodAlignment",
    "TiltSeriesAligner",
    "agreement",
    "align_tilt_series",
    "place_of_alignment",
]

TiltSeriesAligner = Annotated[
    EmbeddedAlignment | AreTomo2Alignment | AreTomo3Alignment | ImodAlignment | GivenAlignment, one_of("tool")
]


def place_of_alignment(series: ImagedTiltSeries, aligner: TiltSeriesAligner, folder: Path) -> Place[Alignment]:
    """Say where the alignment of a tilt series is recorded, and what it depends on."""
    given: dict[str, object] = {"series": series, "aligner": aligner}
    if isinstance(aligner, GivenAlignment):
        given["files"] = aligner.files(series.name)
    return Place(folder / f"{series.name}.json", Alignment, given)


@step(task_run_name="alignment of {series.name}", timeout_seconds=14400)
def align_tilt_series(series: ImagedTiltSeries, aligner: TiltSeriesAligner, folder: Path) -> Alignment:
    """Align the images of a tilt series, unless it is done already."""
    return once(place_of_alignment(series, aligner, folder), lambda: aligner.align(series, folder))
