"""``cryoem-flows tilt-axis``: the tilt axis, pooled over the series that were aligned."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from flows.opinion_folders import SECOND
from tasks.errors import FormatError
from tasks.models import Alignment
from tasks.reuse import Record


def tilt_axis(
    folders: Annotated[list[Path], typer.Argument(help="Folders of results; those below are searched.")],
) -> None:
    """Pool the tilt axis over the series that were aligned, for --tilt-axis and aligner.refine_tilt_axis=false."""
    # Importing a step imports Prefect, which takes seconds that --help need not wait for.
    from tasks.tilt_series_alignment.pooling import pool_tilt_axis  # noqa: PLC0415

    pooled = pool_tilt_axis([axis_of(record) for record in records(folders)])
    typer.echo(f"{pooled.angle:.2f} degree, +- {pooled.spread:.2f} among {pooled.series} series")


def records(folders: list[Path]) -> list[Path]:
    """Return the records of alignments below folders: of two tools, who is believed."""
    from flows.records import believed_of  # noqa: PLC0415 - as above

    paths = sorted(path for folder in folders for path in folder.rglob("tilt_series_alignment/*.json"))
    return [believed_of(path) for path in paths if path.parent.parent.name != SECOND]


def axis_of(record: Path) -> float:
    """Return the tilt axis of an alignment in degree."""
    try:
        return Record[Alignment].model_validate_json(record.read_text()).result.tilt_axis_angle
    except ValidationError as reason:
        raise FormatError(record, f"{reason.error_count()} problems", "the record of an alignment") from reason
