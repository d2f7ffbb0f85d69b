"""What the logs of IMOD's tiltalign and batchruntomo tell."""

import re

from pydantic import NonNegativeFloat, PositiveFloat

from tasks.errors import CommandError, CryoemError, ResultError
from tasks.models import Model

_NUMBER = r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?"
_ROW = re.compile(
    rf"^\s*(?P<view>\d+)\s+(?P<rotation>{_NUMBER})\s+(?P<tilt>{_NUMBER})\s+(?P<deltilt>{_NUMBER})\s+(?P<mag>{_NUMBER})"
    rf"\s+(?P<dmag>{_NUMBER})\s+(?P<skew>{_NUMBER})\s+(?P<residual>{_NUMBER})\s*$"
)


class TiltalignLog(Model):
    """What tiltalign says of its solution; lengths in angstrom, but for the thickness."""

    residuals: dict[int, NonNegativeFloat]
    """Mean residual of each view (from 1) that was solved."""
    mean_residual: PositiveFloat
    """Mean over all points."""
    level: float | None = None
    """Degree still to be added to the tilt angles that lays the markers flat."""
    thickness: PositiveFloat | None = None
    """Pixels that contain all markers."""


def read_align_log(text: str) -> TiltalignLog:
    """Read the last solution in a log, as iterations follow each other."""
    heading = [found.end() for found in re.finditer(r"^\s*view\s+rotation\s+tilt\s.*resid-nm.*$", text, re.MULTILINE)]
    if not heading:
        raise ResultError("the log of tiltalign has no table of views with residuals in nanometres")
    last = text[heading[-1] :]
    found = re.search(rf"Residual error mean and sd:\s+({_NUMBER})\s+{_NUMBER}\s+nm", last)
    if not found:
        raise ResultError("the log of tiltalign has no mean residual in nanometres")
    level, thickness = _value(last, "Incremental tilt angle change ="), _value(last, "centers of all fiducials =")
    return TiltalignLog(
        residuals=_residuals(last), mean_residual=10 * float(found[1]), level=level, thickness=thickness or None
    )


def _residuals(text: str) -> dict[int, float]:
    """Read the table of views, which ends with an empty line."""
    table: dict[int, float] = {}
    for line in text.lstrip("\n").splitlines():
        row = _ROW.match(line)
        if row is None:
            break
        table[int(row["view"])] = 10 * float(row["residual"])
    return table


def _value(text: str, name: str) -> float | None:
    found = re.search(rf"{re.escape(name)}\s*({_NUMBER})", text)
    return float(found[1]) if found else None


def why_stopped(said: str) -> CryoemError | None:
    """Return why batchruntomo gave up, which it tells while it ends well; None if it did not."""
    if not (aborted := re.search(r"^ABORT (?:AXIS AND SET|AXIS|SET): *(.*)$", said, re.MULTILINE)):
        return None
    errors = [line.strip() for line in said.splitlines() if line.startswith("ERROR:")]
    reason = f"batchruntomo gave up: {'; '.join([aborted[1].strip(), *errors[-3:]])}"
    return CommandError(reason) if "memory" in reason.lower() else ResultError(reason)
