"""MotionCor2 of the University of California, 1.4 and later, on a GPU."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from tasks.command import Flag
from tasks.models import Executable
from tasks.motion_correction.motioncor import MotionCor


class MotionCor2(MotionCor):
    """Global and local motion correction by MotionCor2."""

    tool: Literal["motioncor2"] = "motioncor2"
    executable: Executable = "MotionCor2"
    group: Annotated[tuple[PositiveInt, ...], Field(min_length=1, max_length=2), Flag("-Group")] = (1,)
    """Frames that are summed before the alignment; from version 1.6 on a second number is for local alignment."""
