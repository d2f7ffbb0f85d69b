"""The pipeliner of CCP-EM, on which doppio stands, opens the projects and works on in them, where it is installed."""

import shutil
import subprocess
import time

import pytest
from project_sessions import processed, processed_movies

from tasks.formats.star import read_table
from tasks.project import write_spa_project, write_tomography_project
from tasks.project.pipeline_file import read_pipeline

pytestmark = pytest.mark.skipif(shutil.which("pipeliner") is None, reason="ccpem-pipeliner is not installed")

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


def opened(project):
    python = str(shutil.which("pipeliner")).removesuffix("pipeliner") + "python"
    told = subprocess.run([python, "-c", OPEN], cwd=project, check=True, capture_output=True, text=True).stdout
    return [line.split(";") for line in told.splitlines()]


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


@pytest.mark.skipif(shutil.which("relion_star_handler") is None, reason="RELION is not installed")
def test_one_more_job_runs_in_a_project_and_stays_when_the_session_goes_on(tmp_path):
    movies, project = processed_movies(tmp_path / "session"), tmp_path / "project"
    write_spa_project(project, "cm1", movies[:2])
    (project / "split.star").write_text(SPLIT)
    subprocess.run(["pipeliner", "--run_job", "split.star"], cwd=project, check=True, capture_output=True)
    job = project / "Select/job010"
    until = time.monotonic() + 60
    # The pipeliner starts a job in the background.
    while not (job / "RELION_JOB_EXIT_SUCCESS").exists() and time.monotonic() < until:
        time.sleep(0.2)
    assert [len(read_table(job / f"particles_split{number}.star", "particles")) for number in (1, 2)] == [8, 2]
    write_spa_project(project, "cm1", movies)
    assert read_pipeline(project / "default_pipeline.star").processes[-1].name == "Select/job010/"
    assert [entry[0] for entry in opened(project)][-1] == "relion.select.split"
