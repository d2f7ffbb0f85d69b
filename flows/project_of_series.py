"""The project of a tilt series of a run without a ledger."""

from collections.abc import Mapping
from pathlib import Path

from flows.projects import PROJECT
from tasks.models import Alignment, Ctf, Motion, TiltSeries, Tomogram
from tasks.project import ProcessedTiltSeries, write_tomography_project
from tasks.step import step


@step(task_run_name="project of {name}")
def project_of_series(  # noqa: PLR0913, PLR0917 - all that a run finds
    folder: Path,
    name: str,
    series: TiltSeries,
    motions: Mapping[str, Motion],
    ctfs: Mapping[str, Ctf],
    alignment: Alignment,
    tomogram: Tomogram,
    denoised: Tomogram,
) -> Path:
    """Write a tilt series into the project of a folder, beside others that are there."""
    found = ProcessedTiltSeries(
        series=series,
        motions=dict(motions),
        ctfs=dict(ctfs),
        alignment=alignment,
        tomogram=tomogram,
        denoised=denoised,
    )
    write_tomography_project(folder / PROJECT, name, [found], are_all=False)
    return folder / PROJECT
