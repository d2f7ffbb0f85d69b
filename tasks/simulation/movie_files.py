"""Simulated frames and gain references as the files that a camera writes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from tasks.formats.mrc import write_mrc
from tasks.formats.tiff import write_tiff_frames
from tasks.simulation.camera import Counts

FrameFormat = Literal["tiff", "mrc"]


def write_frames(path: Path, frames: Iterable[Counts], pixel_size: float) -> None:
    """Write the frames of a movie in the format of the suffix."""
    stack = list(frames)
    if path.suffix == ".tiff":
        write_tiff_frames(path, stack, pixel_size)
    else:
        write_mrc(path, np.stack(stack).astype(np.int16), pixel_size, stack=True)


def write_gain(folder: Path, gain: npt.NDArray[np.float32] | None, pixel_size: float) -> Path | None:
    """Write the gain reference, if there is one."""
    if gain is None:
        return None
    path = folder / "gain.mrc"
    write_mrc(path, gain, pixel_size)
    return path
