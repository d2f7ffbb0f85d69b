"""What the steps recorded, as the ledger keeps it."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, JsonValue

from flows.opinion_folders import opinions_beside, second_beside, step_of_opinions
from tasks.formats.files import leftovers
from tasks.ledger import Lease, Result
from tasks.models import Model
from tasks.reuse import Place

Found = TypeVar("Found", bound=Model)

SHORTFALLS = "shortfalls"
"""What a series lacks although it is done: the folder of the record, and the step of its result."""
STEPS_OF_SERIES = (
    "tilt_series_alignment",
    "tomogram_reconstruction",
    "denoising",
    "segmentation",
    "tomogram_picking",
    SHORTFALLS,
)
SHIFTS = "_xy_shift_plot.json"
"""How the plot of a tomogram ends that ISPyB's pages want beside it, which is among the records."""


class Kept(BaseModel):
    """A record of any step."""

    digest: str
    outputs: dict[Path, int]
    result: dict[str, JsonValue]
    seconds: float
    host: str
    run: str


def records_of_series(folder: Path) -> list[Path]:
    """Return the records of the steps that a tilt series goes through as a whole, and of second opinions on them."""
    opinions = _opinions_on(folder, STEPS_OF_SERIES)
    return [path for path in records_of(folder, STEPS_OF_SERIES) if not path.name.endswith(SHIFTS)] + opinions


def records_of(folder: Path, steps: Sequence[str]) -> list[Path]:
    """Return the records of steps in a folder: of two tools, who is believed."""
    records = [path for step in steps for path in sorted((folder / step).glob("*.json"))]
    # The first tool may have left no record.
    return list(dict.fromkeys([*map(believed_by, _opinions_on(folder, steps)), *map(believed_of, records)]))


def work_of_series(folder: Path) -> list[Path]:
    """Return the records of what was computed of a tilt series as a whole."""
    return [record for record in records_of_series(folder) if record.parent.name != SHORTFALLS]


def _opinions_on(folder: Path, steps: Sequence[str]) -> list[Path]:
    return [path for step in steps for path in sorted(opinions_beside(folder / step).glob("*.json"))]


def believed_of(record: Path) -> Path:
    """Return the record of the tool that is believed: of a second one, if it was asked and was better."""
    opinion = opinions_beside(record.parent) / record.name
    return believed_by(opinion) if opinion.exists() else record


def believed_by(opinion: Path) -> Path:
    """Return the record of the tool that an opinion believes."""
    won = Kept.model_validate_json(opinion.read_text()).result["won"]
    first = step_of_opinions(opinion.parent) / opinion.name
    return second_beside(first.parent) / first.name if won == "second" else first


def result_of(place: Place[Found], lease: Lease | None = None) -> Result:
    """Return what a step found, for the ledger."""
    return result_in(place.record, lease)


def result_in(path: Path, lease: Lease | None = None) -> Result:
    """Return a record as the ledger keeps it; the folder of the record is called like the step.

    With the lease of an item, what earlier attempts have left beside its files because they died is removed.
    """
    record = Kept.model_validate_json(path.read_text())
    if lease and lease.attempt > 1:
        _tidy([path, *record.outputs])
    return Result(
        step=path.parent.name,
        digest=record.digest,
        result=record.result,
        tool=str(record.result.get("program", "")),
        seconds=record.seconds,
        host=record.host,
        flow_run=record.run,
    )


def _tidy(written: Sequence[Path]) -> None:
    # One who was only taken for dead may be removing it too.
    for left in (left for path in written for left in leftovers(path)):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
