"""What a run has computed, and what it has used again, and why."""

from collections.abc import Sequence
from pathlib import Path

from prefect.artifacts import create_table_artifact
from prefect.runtime import flow_run
from pydantic import BaseModel

from tasks.report.keys import artifact_key

Row = dict[str, str | float]


class _Story(BaseModel):
    """What a record tells of its making."""

    why: str = ""
    seconds: float = 0.0
    host: str = ""
    run: str = ""


def show_work(name: str, records: Sequence[Path]) -> None:
    """Show for each result whether this run has computed it, and why, as a table in the UI."""
    rows = work_rows(records, flow_run.id or "")
    computed = sum(row["this run"] == "computed" for row in rows)
    said = f"{computed} results of {name} were computed by this run, {len(rows) - computed} were used again."
    create_table_artifact(table=rows, key=artifact_key("work", name), description=said)


def work_rows(records: Sequence[Path], run: str) -> list[Row]:
    """Return a row for each record that there is; what was computed first."""
    rows = [_row(record, run) for record in records if record.exists()]
    return sorted(rows, key=lambda row: row["this run"])


def _row(record: Path, run: str) -> Row:
    story = _Story.model_validate_json(record.read_text())
    computed = story.run == run
    return {
        "step": record.parent.name.replace("_", " "),
        "item": record.stem,
        "this run": "computed" if computed else "used again",
        "why": story.why if computed else "",
        "seconds": round(story.seconds, 2),
        "host": story.host,
        "computed by run": story.run,
    }
