"""RELION's star file of a movie: its motion and its bad pixels.

Shifts there say how a frame is corrected, in pixels of the frames: minus the displacement.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tasks.formats.files import replacing
from tasks.formats.star_text import Value, loop, pairs
from tasks.models import Model, Movie
from tasks.motion_correction.movie_frames import MovieFrames
from tasks.motion_correction.polynomial import project
from tasks.motion_correction.trajectory import Trajectory

_THIRD_ORDER = 1
_GLOBAL_ONLY = 0
_GLOBAL = ("rlnMicrographFrameNumber", "rlnMicrographShiftX", "rlnMicrographShiftY")
_LOCAL = ("rlnMotionModelCoeffsIdx", "rlnMotionModelCoeff")
_HOT = ("rlnCoordinateX", "rlnCoordinateY")
_PATCH = (
    "rlnMicrographFrameNumber",
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnMicrographShiftX",
    "rlnMicrographShiftY",
)


class MotionTable(Model):
    """What the star file holds beside what is known of the movie."""

    shape: tuple[int, int, int]
    """Frames, rows and columns."""
    binning: float = 1.0
    first_frame: int = 1
    """Number of the first frame that was used."""
    displacements: tuple[tuple[float, float], ...]
    """Global, in pixels of the frames."""
    coefficients: tuple[float, ...] = ()
    """RELION's local model (of its shifts, so of minus the displacement): 18 coefficients of x, then 18 of y."""
    patch_shifts: tuple[tuple[int, float, float, float, float], ...] = ()
    """Number of the frame from 1, x and y of the patch in pixels, and its local shift in x and y."""
    bad_pixels: tuple[tuple[int, int], ...] = ()
    """x and y."""


def motion_table(
    frames: MovieFrames, trajectory: Trajectory, places: Sequence[tuple[float, float]], binning: float
) -> MotionTable:
    """Put what was found in a movie in the terms of the star file."""
    rows, columns = frames.shape
    shifts = []
    for u, v in places if trajectory.is_local else ():
        local = trajectory.globally - trajectory.at(u, v)
        x, y = (u + 0.5) * columns, (v + 0.5) * rows
        shifts += [(number, x, y, float(along_x), float(along_y)) for number, (along_x, along_y) in enumerate(local, 1)]
    return MotionTable(
        shape=(frames.count, rows, columns),
        binning=binning,
        displacements=tuple((float(x), float(y)) for x, y in trajectory.globally),
        coefficients=relion_coefficients(trajectory),
        patch_shifts=tuple(shifts),
        bad_pixels=tuple((int(x), int(y)) for x, y in frames.repair.coordinates()),
    )


def relion_coefficients(trajectory: Trajectory) -> tuple[float, ...]:
    """Return what comes closest to the local motion in RELION's model: of shifts, in pixels; empty without any."""
    if not trajectory.is_local:
        return ()
    return tuple((-project(np.pad(trajectory.locally, ((0, 0), (0, 0), (1, 0))))).ravel().tolist())


def write_motion(path: Path, movie: Movie, table: MotionTable) -> None:
    """Write a star file as relion_run_motioncorr does."""
    blocks = [pairs("general", _general(movie, table)), loop("global_shift", _GLOBAL, _global_shift(table))]
    if table.coefficients:
        blocks.append(loop("local_motion_model", _LOCAL, enumerate(table.coefficients)))
    if table.bad_pixels:
        blocks.append(loop("hot_pixels", _HOT, ((float(x), float(y)) for x, y in table.bad_pixels)))
    if table.patch_shifts:
        blocks.append(loop("local_shift", _PATCH, table.patch_shifts))
    with replacing(path) as beside:
        beside.write_text("".join(blocks))


def _general(movie: Movie, table: MotionTable) -> dict[str, Value]:
    acquisition = movie.acquisition
    frames, rows, columns = table.shape
    gain = {"rlnMicrographGainName": str(acquisition.gain.path)} if acquisition.gain else {}
    defects = {"rlnMicrographDefectFile": str(acquisition.defects)} if acquisition.defects else {}
    return {
        "rlnImageSizeX": columns,
        "rlnImageSizeY": rows,
        "rlnImageSizeZ": frames,
        "rlnMicrographMovieName": str(movie.path),
        **gain,
        **defects,
        "rlnMicrographBinning": table.binning,
        "rlnMicrographOriginalPixelSize": acquisition.pixel_size,
        "rlnMicrographDoseRate": acquisition.dose_per_frame,
        "rlnMicrographPreExposure": movie.pre_exposure,
        "rlnVoltage": acquisition.voltage,
        "rlnMicrographStartFrame": table.first_frame,
        **_eer(movie),
        "rlnMotionModelVersion": _THIRD_ORDER if table.coefficients else _GLOBAL_ONLY,
    }


def _eer(movie: Movie) -> dict[str, Value]:
    if movie.path.suffix.lower() != ".eer":
        return {}
    sampling = movie.acquisition.eer
    return {"rlnEERUpsampling": sampling.upsampling, "rlnEERGrouping": sampling.grouping}


def _global_shift(table: MotionTable) -> Iterator[tuple[int, float, float]]:
    for number, (x, y) in enumerate(table.displacements, start=table.first_frame):
        # 0 - x and not -x, which can be -0.
        yield number, 0 - x, 0 - y
