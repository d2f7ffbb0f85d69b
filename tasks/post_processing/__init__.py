"""Sharpen a refined density and find the resolution to quote."""

from pathlib import Path

from tasks.models.maps import Map
from tasks.models.resolution import PostProcessed
from tasks.post_processing.relion import RelionPostProcessing
from tasks.reuse import Place
from tasks.step import once, step

__all__ = ["PostProcessor", "RelionPostProcessing", "place_of_post_processed", "post_process"]

PostProcessor = RelionPostProcessing


def place_of_post_processed(refined: Map, processor: PostProcessor, folder: Path) -> Place[PostProcessed]:
    """Say where a sharpened density is recorded, and what it depends on."""
    return Place(folder / "post_processed.json", PostProcessed, {"refined": refined, "processor": processor})


@step(task_run_name="post-processing of {refined.path.stem}")
def post_process(refined: Map, processor: PostProcessor, folder: Path) -> PostProcessed:
    """Sharpen a refined density and find its resolution, unless it is done already."""
    return once(place_of_post_processed(refined, processor, folder), lambda: processor.sharpen(refined, folder))
