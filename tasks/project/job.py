"""One job of a project: its folder, its settings, how it ended and what it made."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field

from tasks.errors import InputError
from tasks.formats.star_text import Value, loop, pairs
from tasks.models import Model
from tasks.project.pipeline import Pipeline, Process
from tasks.project.pipeline_file import update_pipeline
from tasks.project.places import link
from tasks.project.relion_types import job_number
from tasks.project.writing import STATE, write_text

SUCCESS, FAILURE = "RELION_JOB_EXIT_SUCCESS", "RELION_JOB_EXIT_FAILURE"

_WITHOUT_NUMBER = {"relion.initialmodel", "relion.maskcreate", "relion.postprocess"}
"""Types whose numbers the pipeliner (1.6.1) cannot read: it calls a function with an argument that it does not take."""


class Job(Model):
    """What is the same of a job in every project of its kind."""

    folder: str
    """Such as MotionCorr/job002."""
    type: str
    alias: str
    """Such as Live_motioncorr."""
    inputs: tuple[str, ...] = ()
    """Files of other jobs that it reads."""
    outputs: tuple[tuple[str, str], ...]
    """File in its folder, and type of it as a node."""
    is_tomography: bool = False

    @property
    def number(self) -> int:
        """Return its number in the project."""
        return int(self.folder.rpartition("job")[2])

    @property
    def output(self) -> str:
        """Return the path of its first output."""
        return f"{self.folder}/{self.outputs[0][0]}"


class Outcome(Model):
    """How a job is: a job that has not begun has none."""

    job: Job
    done: int
    """Items with a result."""
    failures: tuple[str, ...] = ()
    """Items without one that will get none, and why."""
    notes: tuple[str, ...] = ()
    """What was left out of the items with a result, and why."""
    options: dict[str, Value] = Field(default_factory=dict)
    programs: tuple[str, ...] = ()
    """Names and versions of the programs that did the work."""

    @property
    def status(self) -> str:
        """Say how it ended: well, if anything came of it."""
        return "Succeeded" if self.done else "Failed"


def claim(project: Path) -> None:
    """Refuse a folder that holds a project of others: its jobs would have the numbers of ours."""
    mark = project / STATE / "README"
    if not mark.exists():
        if (project / "default_pipeline.star").exists():
            raise InputError(project, "a project that was begun by others", "a folder without one")
        write_text(mark, "This project is written by cryoem-flows; its own jobs are brought up to date.\n")


def finish(project: Path, session_name: str, outcomes: Sequence[Outcome], reserved: int, patience: float) -> None:
    """Write the folders of the jobs, then the graph of them, which is what programs look at."""
    for outcome in outcomes:
        write_job(project, outcome)
    update_pipeline(project, graph(outcomes, reserved), patience)
    card = project / ".CCPEM_pipeliner_project"
    if not card.exists():
        known = {"project name": session_name, "description": "Written live", "pipeline file": "default_pipeline.star"}
        write_text(card, json.dumps(known, indent=2))


def write_job(project: Path, outcome: Outcome) -> None:
    """Write what RELION shows of a job: settings, output texts and how it ended."""
    job, folder = outcome.job, project / outcome.job.folder
    write_text(folder / "job.star", job_star(job, outcome.options))
    write_text(folder / "run.out", "".join(f"{line}\n" for line in _told(outcome)))
    write_text(folder / "run.err", "".join(f"{failure}\n" for failure in outcome.failures))
    good, bad = (SUCCESS, FAILURE) if outcome.done else (FAILURE, SUCCESS)
    write_text(folder / good, "")
    (folder / bad).unlink(missing_ok=True)
    link(folder.parent / job.alias, folder)


def job_star(job: Job, options: Mapping[str, Value]) -> str:
    """Return the text of job.star; the type stands there as a number too, for RELION 3.1."""
    number = None if job.is_tomography or job.type in _WITHOUT_NUMBER else job_number(job.type)
    head: dict[str, Value] = {} if number is None else {"rlnJobType": number}
    head |= {"rlnJobTypeLabel": job.type, "rlnJobIsContinue": 0, "rlnJobIsTomo": int(job.is_tomography)}
    every: dict[str, Value] = {
        "do_queue": "No",
        "min_dedicated": 1,
        "other_args": "",
        "queuename": "",
        "qsub": "",
        "qsubscript": "",
    }
    rows = sorted((every | dict(options)).items())
    return pairs("job", head) + loop("joboptions_values", ["rlnJobOptionVariable", "rlnJobOptionValue"], rows)


def graph(outcomes: Sequence[Outcome], reserved: int) -> Pipeline:
    """Return the graph of the jobs that have begun; numbers up to the reserved one are left to those that have not."""
    made = [
        (outcome.job.folder, name, kind) for outcome in outcomes if outcome.done for name, kind in outcome.job.outputs
    ]
    files = {f"{folder}/{name}" for folder, name, _ in made}
    jobs = [outcome.job for outcome in outcomes]
    return Pipeline(
        counter=reserved + 1,
        processes=tuple(_process(outcome) for outcome in outcomes),
        nodes=tuple((f"{folder}/{name}", kind) for folder, name, kind in made),
        inputs=tuple((name, f"{job.folder}/") for job in jobs for name in job.inputs if name in files),
        outputs=tuple((f"{folder}/", f"{folder}/{name}") for folder, name, _ in made),
    )


def _process(outcome: Outcome) -> Process:
    job = outcome.job
    alias = f"{job.folder.split('/')[0]}/{job.alias}/"
    return Process(name=f"{job.folder}/", alias=alias, type=job.type, status=outcome.status)


def _told(outcome: Outcome) -> list[str]:
    counts = f"{outcome.done} done, {len(outcome.failures)} failed" + (" (see run.err)" if outcome.failures else "")
    return [*(f"Done by {program}" for program in outcome.programs), counts, *outcome.notes]
