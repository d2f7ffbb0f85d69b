"""What the steps recorded of tilt series, told again for programs that go on from there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from flows.records import believed_of
from tasks.errors import InputError
from tasks.models import Alignment, ImagedTiltSeries, TiltSeries, Tomogram
from tasks.project import ProcessedTiltSeries

_STEP = "tomogram_reconstruction"


def series_in(folder: Path) -> list[ProcessedTiltSeries]:
    """Return the tilt series whose results are in a folder: of one run, or of a session with a folder for each series.

    The record of a tomogram tells all: the images and their CTFs, how they were aligned, and the tomogram.
    """
    records = sorted({*folder.glob(f"{_STEP}/*.json"), *folder.glob(f"*/{_STEP}/*.json")})
    found = [one for record in records for one in _told(believed_of(record))]
    if not found:
        raise InputError(folder, "no tomogram", f"results of tilt series, in {_STEP} or in folders of series")
    return found


def _told(record: Path) -> Iterator[ProcessedTiltSeries]:
    """Yield what a record tells, nothing if it is none of a tomogram."""
    kept = json.loads(record.read_text())
    inputs = kept.get("inputs", {}) if isinstance(kept, dict) else {}
    if not {"series", "alignment"} <= set(inputs):
        return
    images = ImagedTiltSeries.model_validate(_plain(inputs["series"]))
    tilts = tuple(image.tilt.model_copy(update={"source": image.micrograph}) for image in images.images)
    yield ProcessedTiltSeries(
        series=TiltSeries(
            name=images.name,
            tilts=tilts,
            tilt_axis_angle=images.tilt_axis_angle,
            optics=images.optics,
            excluded=images.excluded,
        ),
        ctfs={image.tilt.name: image.ctf for image in images.images if image.ctf},
        alignment=Alignment.model_validate(_plain(inputs["alignment"])),
        tomogram=Tomogram.model_validate(kept["result"]),
    )


def _plain(value: JsonValue) -> Any:  # noqa: ANN401 - any tree of values
    """Return recorded inputs without what is noted of the files that they name: their size and time."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        is_file = len(value) in {1, 3} and isinstance(value[0], str)
        return value[0] if is_file else [_plain(item) for item in value]
    return value
