"""Sharpen a refined density, find the resolution to quote, and mirror it if its hand is wrong."""

from pathlib import Path

from tasks.models.maps import Map, Refinement
from tasks.models.resolution import Mirrored, PostProcessed
from tasks.post_processing.hand import mirror
from tasks.post_processing.relion import RelionPostProcessing
from tasks.reuse import Place
from tasks.step import once, step

__all__ = [
    "PostProcessor",
    "RelionPostProcessing",
    "mirror_hand",
    "place_of_mirrored",
    "place_of_post_processed",
    "post_process",
]

PostProcessor = RelionPostProcessing


def place_of_post_processed(refined: Map, processor: PostProcessor, folder: Path) -> Place[PostProcessed]:
    """Say where a sharpened density is recorded, and what it depends on."""
    return Place(folder / "post_processed.json", PostProcessed, {"refined": refined, "processor": processor})


@step(task_run_name="post-processing of {refined.path.stem}")
def post_process(refined: Map, processor: PostProcessor, folder: Path) -> PostProcessed:
    """Sharpen a refined density and find its resolution, unless it is done already."""
    return once(place_of_post_processed(refined, processor, folder), lambda: processor.sharpen(refined, folder))


def place_of_mirrored(refinement: Refinement, sharpened: PostProcessed, folder: Path) -> Place[Mirrored]:
    """Say where the density of the other hand is recorded, and what it depends on."""
    return Place(folder / "mirrored.json", Mirrored, {"refinement": refinement, "sharpened": sharpened})


@step(task_run_name="other hand of {sharpened.map.path.stem}")
def mirror_hand(refinement: Refinement, sharpened: PostProcessed, folder: Path) -> Mirrored:
    """Give a density the other hand, unless it is done already."""
    place = place_of_mirrored(refinement, sharpened, folder)
    return once(place, lambda: mirror(refinement, sharpened, folder))
