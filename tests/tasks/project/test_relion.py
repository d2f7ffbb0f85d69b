"""RELION itself opens the projects and works on in them, where it is installed."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from project_sessions import processed_movies

from tasks.formats.mrc import read_volume
from tasks.formats.star import read_table
from tasks.project import write_spa_project
from tasks.project.pipeline_file import read_pipeline

EXTRACTION = """
data_job

_rlnJobType                             5
_rlnJobTypeLabel            relion.extract
_rlnJobIsContinue                       0

data_joboptions_values

loop_
_rlnJobOptionVariable #1
_rlnJobOptionValue #2
star_mics CtfFind/job003/micrographs_ctf.star
coords_suffix AutoPick/job004/coords_suffix_autopick.star
extract_size 64
do_rescale Yes
rescale 32
do_queue No
"""


def relion(project: Path, *words: str) -> str:
    return subprocess.run(words, cwd=project, check=True, capture_output=True, text=True).stdout


def has_relion_3() -> bool:
    if shutil.which("relion_pipeliner") is None:
        return False
    told = subprocess.run(["relion_pipeliner", "--version"], check=False, capture_output=True, text=True)
    return "3.1" in told.stdout + told.stderr


pytestmark = pytest.mark.skipif(not has_relion_3(), reason="RELION 3.1 is not installed")


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("relion")
    movies = processed_movies(folder / "session", 4)
    write_spa_project(folder / "project", "cm1", movies[:3])
    (folder / "project" / "extract.star").write_text(EXTRACTION)
    relion(folder / "project", "relion_pipeliner", "--addJobFromStar", "extract.star")
    words = ("--RunJobs", "Extract/job101/", "--min_wait", "0", "--sec_wait_after", "0")
    relion(folder / "project", "relion_pipeliner", *words)
    return folder / "project", movies


def test_relion_runs_one_more_job_under_the_next_free_number(session):
    project, _ = session
    assert (project / "Extract/job101/RELION_JOB_EXIT_SUCCESS").exists()
    assert len(read_table(project / "Extract/job101/particles.star", "particles")) == 15


def test_relion_cuts_the_same_particles_as_we_have_written(session):
    project, _ = session
    ours, theirs = (read_table(project / f"Extract/job{n}/particles.star", "particles") for n in ("005", "101"))
    for column in ("rlnCoordinateX", "rlnCoordinateY", "rlnMicrographName", "rlnDefocusU", "rlnDefocusAngle"):
        assert list(ours[column]) == list(theirs[column])
    for mine, other in zip(ours["rlnImageName"], theirs["rlnImageName"], strict=True):
        images = [read_volume(project / name[7:])[int(name[:6]) - 1] for name in (mine, other)]
        assert np.corrcoef(images[0].ravel(), images[1].ravel())[0, 1] > 0.9


def test_a_job_of_relion_stays_when_the_session_goes_on(session):
    project, movies = session
    write_spa_project(project, "cm1", movies)
    pipeline = read_pipeline(project / "default_pipeline.star")
    assert [process.name for process in pipeline.processes][-1] == "Extract/job101/"
    assert ("CtfFind/job003/micrographs_ctf.star", "Extract/job101/") in pipeline.inputs
    assert pipeline.counter == 102
    relion(project, "relion_pipeliner", "--check_job_completion")
    assert read_pipeline(project / "default_pipeline.star").counter == 102


def test_relion_reads_our_tables(session):
    project, _ = session
    table = "Extract/job005/particles.star"
    words = ("relion_star_handler", "--i", table, "--o", "selected.star", "--select", "rlnDefocusU")
    relion(project, *words, "--minval", "0", "--maxval", "50000")
    assert len(read_table(project / "selected.star", "particles")) == 20
