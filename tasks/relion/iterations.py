"""The files that RELION writes after each iteration."""

import re
from pathlib import Path
from typing import NamedTuple

from tasks.errors import CommandError
from tasks.relion.computing import Computing
from tasks.relion.job import Job


class IterationFiles(NamedTuple):
    """Files of one iteration."""

    data: Path
    model: Path
    optimiser: Path


def iteration_files(job: Job, number: int) -> IterationFiles:
    """Return where the files of an iteration are."""
    names = (f"run_it{number:03d}_{kind}.star" for kind in ("data", "model", "optimiser"))
    return IterationFiles(*(job.file(name) for name in names))


def drop_earlier(job: Job, last: int, computing: Computing) -> None:
    """Remove the files of the iterations before the last one, which fill disks."""
    if computing.keep_iterations:
        return
    for path in job.folder.glob("run_it[0-9]*"):
        match = re.match(r"run_it(\d+)_", path.name)
        if match and int(match[1]) < last:
            path.unlink()


def last_iteration(job: Job) -> int:
    """Return the number of the last iteration that is there; a refinement ends when it has converged."""
    numbers = [int(path.name[6:9]) for path in job.folder.glob("run_it[0-9][0-9][0-9]_optimiser.star")]
    if not numbers:
        raise CommandError(f"{job.folder}: no run_itNNN_optimiser.star was written")
    return max(numbers)
