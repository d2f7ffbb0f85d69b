"""The numbers of jobs that are not the same in every session: the next ones, as for a person at RELION."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from tasks.project.lock import locked
from tasks.project.pipeline import Pipeline, render
from tasks.project.pipeline_file import read_pipeline
from tasks.project.writing import STATE, write_text

_NAME = f"{STATE}/numbers.json"


def job_numbers(
    project: Path, jobs: Sequence[str], fixed: Mapping[str, int], reserved: int, patience: float
) -> dict[str, int]:
    """Return the numbers of our jobs, by what we call them; new ones get the next numbers, beyond the reserved ones."""
    known = {**_read(project / _NAME), **fixed}
    new = [job for job in jobs if job not in known]
    if not new:
        return known
    path = project / "default_pipeline.star"
    with locked(project, patience):
        pipeline = read_pipeline(path) if path.exists() else Pipeline()
        first = max(pipeline.counter, reserved + 1, *(number + 1 for number in known.values()))
        known |= {job: first + place for place, job in enumerate(new)}
        write_text(project / _NAME, json.dumps(known, indent=1))
        write_text(path, render(pipeline.model_copy(update={"counter": first + len(new)})))
    return known


def _read(path: Path) -> dict[str, int]:
    return cast("dict[str, int]", json.loads(path.read_text())) if path.exists() else {}
