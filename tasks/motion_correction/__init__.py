"""Correct the motion of the specimen in movies."""

from pathlib import Path
from typing import Annotated

from tasks.models import Motion, Movie, one_of
from tasks.motion_correction.embedded import EmbeddedMotion
from tasks.motion_correction.motioncor3 import MotionCor3
from tasks.reuse import once
from tasks.step import step

__all__ = ["EmbeddedMotion", "MotionCor3", "MotionCorrector", "correct_motion"]

MotionCorrector = Annotated[EmbeddedMotion | MotionCor3, one_of("tool")]


@step(task_run_name="motion of {movie.path.stem}", timeout_seconds=3600)
def correct_motion(movie: Movie, corrector: MotionCorrector, folder: Path) -> Motion:
    """Correct the motion of one movie, unless it is done already."""
    record = folder / f"{movie.path.stem}.json"
    return once(record, Motion, lambda: corrector.correct(movie, folder), {"movie": movie, "corrector": corrector})
