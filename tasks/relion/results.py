"""What RELION's model and data files say of classes."""

import math
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from tasks.errors import FormatError, ResultError
from tasks.formats.mrc import mapped
from tasks.formats.star import read_table
from tasks.models import ParticleSet
from tasks.models.classes import ClassStatistics
from tasks.models.maps import Class3D, Map
from tasks.relion.job import Job

_UNKNOWN = 998.0
"""RELION writes 999 or inf for what it does not know."""
_COLUMNS = {
    "fraction": "rlnClassDistribution",
    "resolution": "rlnEstimatedResolution",
    "rotation_accuracy": "rlnAccuracyRotations",
    "translation_accuracy": "rlnAccuracyTranslationsAngst",
    "completeness": "rlnOverallFourierCompleteness",
}
_NEEDED = ("rlnClassDistribution", "rlnReferenceImage")

Statistics = TypeVar("Statistics", bound=ClassStatistics)


def read_classes(model: Path, data: Path, kind: type[Statistics]) -> tuple[Statistics, ...]:
    """Return what a model file says of each class, with the particles that the data file gives to it."""
    table = read_table(model, "model_classes")
    missing = [name for name in _NEEDED if name not in table]
    if missing:
        raise FormatError(model, f"no {', '.join(missing)} in data_model_classes", "a model file of RELION")
    counts = class_counts(data, len(table))
    general = read_general(model, "model_general")
    pixel_size = float(general["rlnPixelSize"])
    values = [_values(row, pixel_size, kind) for _, row in table.iterrows()]
    return tuple(
        # Of an empty class RELION keeps what it said of it last.
        kind(number=number, particles=particles, **(found if particles else {"fraction": found["fraction"]}))
        for number, (particles, found) in enumerate(zip(counts, values, strict=True), 1)
    )


def read_maps(job: Job, stem: str, particles: ParticleSet, symmetry: str) -> tuple[Class3D, ...]:
    """Return the classes of a 3D run and their maps, given what the names of its files begin with."""
    found = []
    for item in read_classes(job.file(f"{stem}_model.star"), job.file(f"{stem}_data.star"), ClassStatistics):
        path = job.file(f"{stem}_class{item.number:03d}.mrc")
        density = Map(
            path=path,
            pixel_size=particles.pixel_size,
            box_size=particles.box_size,
            symmetry=symmetry,
            resolution=item.resolution,
        )
        found.append(Class3D(**dict(item), map=density))
    return tuple(found)


def class_counts(data: Path, classes: int) -> list[int]:
    """Return how many particles are in each class."""
    table = read_table(data, "particles")
    if "rlnClassNumber" not in table:
        raise FormatError(data, "no rlnClassNumber", "particles that were classified")
    found = table["rlnClassNumber"].value_counts()
    return [int(found.get(number, 0)) for number in range(1, classes + 1)]


def read_general(path: Path, block: str) -> dict[str, Any]:
    """Return a block of single values."""
    row = read_table(path, block).iloc[0]
    return {str(name): value for name, value in row.items()}


def particles_in(star: Path, given: ParticleSet) -> ParticleSet:
    """Return the particles that RELION wrote to a data file; it keeps all that it was given."""
    count = len(read_table(star, "particles"))
    if count != given.count:
        raise ResultError(f"{star}: RELION kept {count} of {given.count} particles")
    return given.model_copy(update={"star": star})


def require_signal(path: Path) -> None:
    """Refuse a map or averages that hold nothing: what a refinement leaves that diverged."""
    values = np.asarray(mapped(path))
    if not np.isfinite(values).all():
        raise ResultError(f"{path}: values that are not finite; the refinement diverged")
    if not values.any():
        raise ResultError(f"{path}: nothing but zeros; the refinement diverged")


def known(value: Any) -> float | None:  # noqa: ANN401 - a cell of a table
    """Return a number, or None for what RELION does not know."""
    number = float(value)
    return number if math.isfinite(number) and 0 < number < _UNKNOWN else None


def _values(row: "pd.Series[Any]", pixel_size: float, kind: type[ClassStatistics]) -> dict[str, Any]:
    values: dict[str, Any] = {name: known(row[column]) for name, column in _COLUMNS.items() if column in row}
    values["fraction"] = min(values["fraction"] or 0.0, 1.0)
    if "offset" in kind.model_fields and "rlnClassPriorOffsetX" in row:
        offset = (float(row[f"rlnClassPriorOffset{axis}"]) * pixel_size for axis in "XY")
        values["offset"] = tuple(value if math.isfinite(value) else 0.0 for value in offset)
    return values
