"""The frames of a movie, ready for alignment: bad pixels replaced, gain known."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.errors import InputError
from tasks.formats.defects import read_defects
from tasks.formats.frames import frame_count, frame_shape, raw_frames
from tasks.formats.gain import gain_of
from tasks.formats.mrc_header import describe
from tasks.models import Movie
from tasks.motion_correction.defects import Repair, dead_pixels, hot_pixels

Frame = npt.NDArray[Any]

_KEPT_BYTES = 1_500_000_000
_LEAST_PIXELS = 96


class MovieFrames:
    """Frames in the data type of the file, which times ``gain`` are the image; kept in memory if they are not too many.

    Bad pixels of the frames are replaced by their neighbours' values; their gain is the mean gain.
    """

    def __init__(self, movie: Movie, kept_bytes: int = _KEPT_BYTES) -> None:
        self._movie = movie
        self.shape = frame_shape(movie)
        self.count = frame_count(movie)
        if min(self.shape) < _LEAST_PIXELS:
            raise InputError(
                movie.path, f"frames of {describe(self.shape)} pixels", f"at least {_LEAST_PIXELS} each way"
            )
        gain = gain_of(movie)
        self.gain = np.ones(self.shape, np.float32) if gain is None else gain
        bad = self.gain == 0
        if movie.acquisition.defects:
            bad |= read_defects(movie.acquisition.defects, self.shape)
        self._kept: list[Frame] = []
        self._kept_bytes = kept_bytes
        total = self._read(kept_bytes)
        bad |= dead_pixels(total)
        bad |= hot_pixels(total * self.gain, bad)
        self.repair = Repair(bad)
        self.gain[bad] = self.gain[~bad].mean()
        for number, frame in enumerate(self._kept):
            self.repair.apply(frame, number)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the repaired frames."""
        if self._kept:
            yield from self._kept
            return
        for number, raw in enumerate(raw_frames(self._movie)):
            frame = np.array(raw)
            self.repair.apply(frame, number)
            yield frame

    def chunks(self) -> Iterator[list[Frame]]:
        """Yield the repaired frames in lists that are not too large, all but the last of an even number of frames."""
        if self._kept:
            yield self._kept
            return
        chunk: list[Frame] = []
        for frame in self:
            if len(chunk) >= 2 and len(chunk) % 2 == 0 and (len(chunk) + 1) * frame.nbytes > self._kept_bytes:
                yield chunk
                chunk = []
            chunk.append(frame)
        yield chunk

    def _read(self, kept_bytes: int) -> npt.NDArray[np.float32]:
        """Sum the frames, and keep them if they are not too many."""
        total = np.zeros(self.shape, np.float32)
        for number, frame in enumerate(raw_frames(self._movie)):
            total += frame
            if frame.dtype.kind == "f" and not np.isfinite(total).all():
                raise InputError(self._movie.path, f"frame {number + 1} has values that are not finite", "numbers")
            if frame.nbytes * self.count <= kept_bytes:
                self._kept.append(frame if frame.flags.writeable else frame.copy())
        if total.min() == total.max():
            raise InputError(self._movie.path, f"every pixel of the sum is {total.min():g}", "an image")
        return total
