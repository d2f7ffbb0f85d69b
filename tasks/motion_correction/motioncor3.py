"""MotionCor3 of the Chan Zuckerberg Imaging Institute, the continuation of MotionCor2, on a GPU."""

from typing import Annotated, Literal

from pydantic import PositiveInt

from tasks.command import Flag
from tasks.models import Executable
from tasks.motion_correction.motioncor import MotionCor


class MotionCor3(MotionCor):
    """Global and local motion correction by MotionCor3."""

    tool: Literal["motioncor3"] = "motioncor3"
    executable: Executable = "MotionCor3"
    group: Annotated[tuple[PositiveInt, PositiveInt], Flag("-Group")] = (1, 4)
    """Frames that are summed before global and before local alignment."""
