"""Exposures of files: those that are missing, broken or unlike the others get their problem said."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from pydantic import NonNegativeFloat, NonNegativeInt

from tasks.errors import FormatError
from tasks.formats.mrc_header import describe
from tasks.models import Acquisition, Model, Movie
from tasks.tilt_series_grouping.exposures import Exposure
from tasks.tilt_series_grouping.frame_files import Inspected, inspect


class Recorded(Model):
    """What is known of an exposure before its file is opened."""

    name: str
    angle: float | None
    path: Path | None
    problem: str | None = None
    """Why there is no path."""
    frames: NonNegativeInt | None = None
    """Number of frames according to the microscope."""
    dose: NonNegativeFloat | None = None
    """Dose according to the microscope, in electron per square angstrom."""
    acquisition: Acquisition | None = None
    """How it was taken; none as the others."""


def exposures_of(
    records: Sequence[Recorded], acquisition: Acquisition, dose_per_tilt: float | None = None
) -> list[Exposure]:
    """Open the files of records and return their exposures in the same order."""
    looked = [_look(record, record.acquisition or acquisition) for record in records]
    repeated = _repeated(records)
    shape = _usual([found.shape for found in looked if isinstance(found, Inspected)])
    frames = [found.frames for found in looked if isinstance(found, Inspected)]
    usual_frames = median(frames) if frames else 0.0

    def dose(index: int) -> float:
        if index in repeated:
            return 0.0
        taken = records[index].acquisition or acquisition
        known = _dose(records[index], looked[index], taken, usual_frames)
        return known if dose_per_tilt is None else dose_per_tilt

    return [
        Exposure(
            name=record.name,
            angle=record.angle,
            dose=dose(index),
            source=found.source if isinstance(found, Inspected) else None,
            problem=repeated.get(index) or _problem(found, shape),
        )
        for index, (record, found) in enumerate(zip(records, looked, strict=True))
    ]


def _look(record: Recorded, acquisition: Acquisition) -> Inspected | str:
    """Return the file of a record, or what is wrong with it."""
    if record.path is None:
        return record.problem or "its file is not known"
    try:
        return inspect(record.path, acquisition)
    except FormatError as reason:
        return str(reason)


def _repeated(records: Sequence[Recorded]) -> dict[int, str]:
    """Return the problem of records whose file is named again later."""
    last = {record.path: index for index, record in enumerate(records)}
    return {
        index: f"{record.path.name} is named again for exposure {last[record.path] + 1}"
        for index, record in enumerate(records)
        if record.path is not None and last[record.path] != index
    }


def _usual(shapes: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the shape that most files have."""
    return Counter(shapes).most_common(1)[0][0] if shapes else None


def _problem(found: Inspected | str, shape: tuple[int, int] | None) -> str | None:
    if isinstance(found, str):
        return found
    if shape is not None and found.shape != shape:
        return f"{describe(found.shape)} pixels; expected {describe(shape)} as most tilts have"
    return None


def _dose(record: Recorded, found: Inspected | str, acquisition: Acquisition, usual_frames: float) -> float:
    """Return the dose of an exposure.

    Frames count with the dose of the acquisition, which the user knows better than an uncalibrated microscope; an image
    that is summed already with the dose that the microscope says. What cannot be read was exposed like the others.
    """
    if isinstance(found, Inspected) and isinstance(found.source, Movie):
        return found.frames * acquisition.dose_per_frame
    if isinstance(found, str) and usual_frames > 1:
        return usual_frames * acquisition.dose_per_frame
    return record.dose or (record.frames or 1) * acquisition.dose_per_frame
