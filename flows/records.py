"""What the steps recorded, as the ledger keeps it."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, JsonValue

from tasks.ledger import Result
from tasks.models import Model
from tasks.reuse import Place

Found = TypeVar("Found", bound=Model)

STEPS_OF_SERIES = ("tilt_series_alignment", "tomogram_reconstruction", "denoising")


class Kept(BaseModel):
    """A record of any step."""

    digest: str
    result: dict[str, JsonValue]
    seconds: float
    host: str
    run: str


def records_of_series(folder: Path) -> list[Path]:
    """Return the records of the steps that a tilt series goes through as a whole."""
    return [path for step in STEPS_OF_SERIES for path in sorted((folder / step).glob("*.json"))]


def result_of(place: Place[Found]) -> Result:
    """Return what a step found, for the ledger."""
    return result_in(place.record)


def result_in(path: Path) -> Result:
    """Return a record as the ledger keeps it; the folder of the record is called like the step."""
    record = Kept.model_validate_json(path.read_text())
    return Result(
        step=path.parent.name,
        digest=record.digest,
        result=record.result,
        tool=str(record.result.get("program", "")),
        seconds=record.seconds,
        host=record.host,
        flow_run=record.run,
    )
