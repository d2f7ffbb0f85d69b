"""Correct the motion of the specimen in movies."""

from pathlib import Path
from typing import Annotated

from tasks.models import Motion, Movie, one_of
from tasks.motion_correction.aretomo3 import AreTomo3Motion
from tasks.motion_correction.embedded import EmbeddedMotion
from tasks.motion_correction.motioncor2 import MotionCor2
from tasks.motion_correction.motioncor3 import MotionCor3
from tasks.motion_correction.relion import RelionMotion
from tasks.reuse import Place
from tasks.step import once, step

__all__ = [
    "AreTomo3Motion",
    "EmbeddedMotion",
    "MotionCor2",
    "MotionCor3",
    "MotionCorrector",
    "RelionMotion",
    "correct_motion",
    "place_of_motion",
]

MotionCorrector = Annotated[EmbeddedMotion | MotionCor2 | MotionCor3 | RelionMotion | AreTomo3Motion, one_of("tool")]


def place_of_motion(movie: Movie, corrector: MotionCorrector, folder: Path) -> Place[Motion]:
    """Say where the motion of a movie is recorded, and what it depends on."""
    return Place(folder / f"{movie.path.stem}.json", Motion, {"movie": movie, "corrector": corrector})


@step(task_run_name="motion of {movie.path.stem}", timeout_seconds=3600)
def correct_motion(movie: Movie, corrector: MotionCorrector, folder: Path) -> Motion:
    """Correct the motion of one movie, unless it is done already."""
    return once(place_of_motion(movie, corrector, folder), lambda: corrector.correct(movie, folder))
