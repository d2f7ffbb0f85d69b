"""What is told to ISPyB: rows that are known by what they are about, and name each other."""

import math
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final, Self

from pydantic import AwareDatetime, Field, NonNegativeInt, PositiveInt, ValidationInfo, field_validator, model_validator

from tasks.errors import InputError
from tasks.models import Model

Value = bool | int | float | str | AwareDatetime | None
"""What stands in a column. None says nothing: it leaves what is there. Times are written in the database's zone."""

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "Movie": ("dataCollectionId", "movieFullPath"),
    "MotionCorrection": ("autoProcProgramId", "movieId"),
    "CTF": ("autoProcProgramId", "motionCorrectionId"),
    "RelativeIceThickness": ("autoProcProgramId", "motionCorrectionId"),
    "ParticlePicker": ("programId", "firstMotionCorrectionId"),
    "ParticleClassificationGroup": ("programId", "type", "batchNumber"),
    "ParticleClassification": ("particleClassificationGroupId", "classNumber"),
    # Its table holds nothing that tells it from others: it is the model of a class, through the table of links.
    "CryoemInitialModel": ("particleClassificationId",),
    "ParticleClassification_has_CryoemInitialModel": ("particleClassificationId", "cryoemInitialModelId"),
    "BFactorFit": ("particleClassificationId", "numberOfParticles"),
    "Tomogram": ("autoProcProgramId",),
    "ProcessedTomogram": ("tomogramId", "processingType"),
    "TiltImageAlignment": ("movieId", "tomogramId"),
    "AutoProcProgramAttachment": ("autoProcProgramId", "filePath", "fileName"),
    "AutoProcProgramMessage": ("autoProcProgramId", "severity", "message"),
}
"""The tables that are written, and the columns by which a row is at least known; more may stand in a row's key."""


def finite(value: float | None) -> float | None:
    """Return a number, or None for one that no column can hold."""
    return value if value is not None and math.isfinite(value) else None


class Ref(Model):
    """The id of another row of the same delivery, wherever it stands among them."""

    row: str
    """Its name."""


class Row(Model):
    """A row that shall be in ISPyB: it is found by its key and brought up to date, or inserted."""

    table: str
    name: str
    """What other rows of the delivery call it, and under which its id is returned."""
    key: dict[str, Value | Ref] = Field(min_length=1)
    """The columns by which it is known; None is a value here."""
    values: dict[str, Value | Ref] = Field(default={})
    """The other columns. Numbers that are not finite become None."""
    program: PositiveInt | None = None
    """The AutoProcProgram that writes it: its writers take turns."""
    uuid: NonNegativeInt | None = None
    """What Murfey calls it: its id is remembered under the program and this number, for other writers."""

    @field_validator("values", mode="before")
    @classmethod
    def _only_finite(cls, values: Any) -> Any:  # noqa: ANN401 - before validation
        if not isinstance(values, Mapping):
            return values
        return {column: finite(value) if isinstance(value, float) else value for column, value in values.items()}

    @field_validator("table")
    @classmethod
    def _is_written(cls, table: str) -> str:
        if table not in KEYS:
            raise ValueError(f"{table} is none of the tables that are written: {', '.join(KEYS)}")
        return table

    @field_validator("key")
    @classmethod
    def _is_known(cls, key: dict[str, Value | Ref], info: ValidationInfo) -> dict[str, Value | Ref]:
        missing = [column for column in KEYS.get(info.data.get("table", ""), ()) if column not in key]
        if missing:
            raise ValueError(f"without {', '.join(missing)}")
        return key

    @model_validator(mode="after")
    def _is_remembered_somewhere(self) -> Self:
        if self.uuid is not None and self.program is None:
            raise ValueError("a number of Murfey's counts within a program, and there is none")
        return self

    @property
    def references(self) -> set[str]:
        """The names of the rows whose ids stand in this one."""
        return {value.row for value in (*self.key.values(), *self.values.values()) if isinstance(value, Ref)}


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Return rows such that each comes after those that it refers to."""
    by_name = {row.name: row for row in rows}
    if len(by_name) < len(rows):
        raise InputError("rows", "two of one name", "a name for each row of a delivery")
    sorter = TopologicalSorter({row.name: sorted(row.references) for row in rows})
    try:
        names = list(sorter.static_order())
    except CycleError as error:
        raise InputError("rows", f"a circle of {error.args[1]}", "rows that refer to earlier ones") from error
    if unknown := [name for name in names if name not in by_name]:
        raise InputError("rows", f"references to {', '.join(unknown)}", "references to rows of the same delivery")
    return [by_name[name] for name in names]
