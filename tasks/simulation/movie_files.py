"""Simulated frames as the files that a camera writes."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from tasks.formats.eer_writer import write_eer
from tasks.formats.mrc import write_mrc
from tasks.formats.tiff import write_tiff_frames
from tasks.simulation.camera import Counts

FrameFormat = Literal["tiff", "mrc", "eer"]

HARDWARE_FRAMES = 20
"""Of a frame; a pixel counts one electron in each at most, so some are lost in an EER file."""


def write_frames(path: Path, frames: Iterable[Counts], pixel_size: float, random: np.random.Generator) -> None:
    """Write the frames of a movie in the format of the suffix."""
    if path.suffix == ".eer":
        write_eer(path, (event for frame in frames for event in _hardware_frames(frame, random)))
    elif path.suffix == ".tiff":
        write_tiff_frames(path, list(frames), pixel_size)
    else:
        write_mrc(path, np.stack(list(frames)).astype(np.int16), pixel_size, stack=True)


def _hardware_frames(counts: Counts, random: np.random.Generator) -> Iterator[npt.NDArray[np.bool_]]:
    """Share the electrons of a frame among hardware frames and quarters of their pixels."""
    rows, columns = counts.shape
    pixel = np.repeat(np.arange(counts.size), counts.ravel())
    row = 2 * (pixel // columns) + random.integers(2, size=pixel.size)
    column = 2 * (pixel % columns) + random.integers(2, size=pixel.size)
    moment = random.integers(HARDWARE_FRAMES, size=pixel.size)
    for number in range(HARDWARE_FRAMES):
        events = np.zeros((2 * rows, 2 * columns), np.bool_)
        chosen = moment == number
        events[row[chosen], column[chosen]] = True
        yield events
