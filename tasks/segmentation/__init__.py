"""Find membranes and other features in tomograms."""

from pathlib import Path
from typing import Annotated

from tasks.models import Tomogram, one_of
from tasks.models.segmentation import Segmentation
from tasks.reuse import Place
from tasks.segmentation.easymode import Easymode
from tasks.segmentation.embedded import EmbeddedSegmentation
from tasks.segmentation.membrain_seg import MembrainSeg
from tasks.step import once, step

__all__ = [
    "Easymode",
    "EmbeddedSegmentation",
    "MembrainSeg",
    "Segmenter",
    "place_of_segmentation",
    "segment_tomogram",
]

Segmenter = Annotated[EmbeddedSegmentation | MembrainSeg | Easymode, one_of("tool")]


def place_of_segmentation(tomogram: Tomogram, segmenter: Segmenter, folder: Path) -> Place[Segmentation]:
    """Say where the segmentation of a tomogram is recorded, and what it depends on."""
    inputs = {"tomogram": tomogram, "segmenter": segmenter}
    return Place(folder / f"{tomogram.path.stem}_segmentation.json", Segmentation, inputs)


@step(task_run_name="segmentation of {tomogram.path.stem}", timeout_seconds=14400)
def segment_tomogram(tomogram: Tomogram, segmenter: Segmenter, folder: Path) -> Segmentation:
    """Find the features of a tomogram, unless it is done already."""
    return once(place_of_segmentation(tomogram, segmenter, folder), lambda: segmenter.segment(tomogram, folder))
