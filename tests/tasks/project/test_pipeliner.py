"""The pipeliner of CCP-EM, on which doppio stands, opens the projects and works on in them."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from project_sessions import batch_of, density_of, processed, processed_movies

from tasks.formats.star import read_table
from tasks.project import write_spa_project, write_tomography_project
from tasks.project.pipeline_file import read_pipeline

# Where `make test` installs it.
PROGRAMS = Path(__file__).parents[3] / ".venv-pipeliner" / "bin"

SPLIT = """
data_job

_rlnJobTypeLabel    relion.select.split
_rlnJobIsContinue    0
_rlnJobIsTomo    0

data_joboptions_values

loop_
_rlnJobOptionVariable #1
_rlnJobOptionValue #2
fn_data Extract/job005/particles.star
do_split Yes
split_size 8
nr_split -1
do_queue No
"""
# Every job is read with its settings, as doppio does to show it.
OPEN = """
from pipeliner.project_graph import ProjectGraph
from pipeliner.job_factory import create_job_from_proc
with ProjectGraph() as graph:
    for process in graph.process_list:
        inputs = " ".join(node.name for node in process.input_nodes)
        print(create_job_from_proc(process).PROCESS_NAME, process.status, process.alias, inputs, sep=";")
"""


def run(project: Path, *words: str) -> str:
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    program = [str(PROGRAMS / words[0]), *words[1:]]
    return subprocess.run(
        program, cwd=project, env={**os.environ, "PATH": path}, check=True, capture_output=True, text=True
    ).stdout


def opened(project: Path) -> list[list[str]]:
    return [line.split(";") for line in run(project, "python", "-c", OPEN).splitlines()]


def test_a_tomography_project_opens_with_all_its_jobs(tmp_path):
    write_tomography_project(tmp_path / "project", "cm1", [processed(tmp_path / "session")])
    jobs = opened(tmp_path / "project")
    assert [job[0] for job in jobs] == [
        "relion.importtomo",
        "relion.motioncorr.own",
        "relion.ctffind.ctffind4",
        "relion.excludetilts",
        "relion.aligntiltseries.aretomo",
        "relion.reconstructtomograms",
        "relion.denoisetomo",
    ]
    assert {job[1] for job in jobs} == {"Succeeded"}
    assert jobs[2][2:] == ["CtfFind/Live_ctffind/", "MotionCorr/job002/corrected_tilt_series.star"]


def test_a_project_of_densities_opens_with_all_its_jobs(tmp_path):
    movies = processed_movies(tmp_path / "session")
    batch = batch_of(tmp_path / "session", movies, 1)
    density = density_of(tmp_path / "session", batch)
    write_spa_project(tmp_path / "project", "cm1", movies, [batch], [density])
    jobs = opened(tmp_path / "project")
    assert [job[0] for job in jobs[5:]] == [
        "relion.select.split",
        "relion.class2d.em",
        "relion.select.class2dauto",
        "relion.joinstar.particles",
        "relion.initialmodel",
        "relion.class3d",
        "relion.select.onvalue",
        "relion.refine3d",
        "relion.maskcreate",
        "relion.postprocess",
        "relion.external",
    ]
    assert {job[1] for job in jobs} == {"Succeeded"}
    assert jobs[-2][3] == "Refine3D/job013/run_half1_class001_unfil.mrc MaskCreate/job014/mask.mrc"


@pytest.mark.skipif(shutil.which("relion_star_handler") is None, reason="RELION is not installed")
def test_one_more_job_runs_in_a_project_and_stays_when_the_session_goes_on(tmp_path):
    movies, project = processed_movies(tmp_path / "session"), tmp_path / "project"
    write_spa_project(project, "cm1", movies[:2])
    (project / "split.star").write_text(SPLIT)
    run(project, "pipeliner", "--run_job", "split.star")
    job = project / "Select/job010"
    until = time.monotonic() + 120
    # The pipeliner starts a job in the background.
    while not (job / "RELION_JOB_EXIT_SUCCESS").exists() and time.monotonic() < until:
        time.sleep(0.2)
    assert [len(read_table(job / f"particles_split{number}.star", "particles")) for number in (1, 2)] == [8, 2]
    write_spa_project(project, "cm1", movies)
    assert read_pipeline(project / "default_pipeline.star").processes[-1].name == "Select/job010/"
    assert [entry[0] for entry in opened(project)][-1] == "relion.select.split"
