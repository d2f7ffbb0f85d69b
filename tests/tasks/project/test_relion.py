"""RELION itself opens the projects and works on in them, where it is installed."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from project_sessions import processed_movies

from tasks.classification_2d import RelionClassification2D
from tasks.formats.mrc import read_volume
from tasks.formats.star import read_star, read_table, write_star
from tasks.models import ParticleSet
from tasks.models.classes import ClassScore, SelectedParticles
from tasks.project import ProcessedBatch, write_spa_project
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
    words = ("--RunJobs", "Extract/job010/", "--min_wait", "0", "--sec_wait_after", "0")
    relion(folder / "project", "relion_pipeliner", *words)
    return folder / "project", movies


def test_relion_runs_one_more_job_under_the_next_free_number(session):
    project, _ = session
    assert (project / "Extract/job010/RELION_JOB_EXIT_SUCCESS").exists()
    assert len(read_table(project / "Extract/job010/particles.star", "particles")) == 15


def test_relion_cuts_the_same_particles_as_we_have_written(session):
    project, _ = session
    ours, theirs = (read_table(project / f"Extract/job{n}/particles.star", "particles") for n in ("005", "010"))
    for column in ("rlnCoordinateX", "rlnCoordinateY", "rlnMicrographName", "rlnDefocusU", "rlnDefocusAngle"):
        assert list(ours[column]) == list(theirs[column])
    for mine, other in zip(ours["rlnImageName"], theirs["rlnImageName"], strict=True):
        images = [read_volume(project / name[7:])[int(name[:6]) - 1] for name in (mine, other)]
        assert np.corrcoef(images[0].ravel(), images[1].ravel())[0, 1] > 0.9


def test_a_job_of_relion_stays_when_the_session_goes_on(session):
    project, movies = session
    write_spa_project(project, "cm1", movies)
    pipeline = read_pipeline(project / "default_pipeline.star")
    assert [process.name for process in pipeline.processes][-1] == "Extract/job010/"
    assert ("CtfFind/job003/micrographs_ctf.star", "Extract/job010/") in pipeline.inputs
    assert pipeline.counter == 11
    relion(project, "relion_pipeliner", "--check_job_completion")
    assert read_pipeline(project / "default_pipeline.star").counter == 11


def test_relion_reads_our_tables(session):
    project, _ = session
    table = "Extract/job005/particles.star"
    words = ("relion_star_handler", "--i", table, "--o", "selected.star", "--select", "rlnDefocusU")
    relion(project, *words, "--minval", "0", "--maxval", "50000")
    assert len(read_table(project / "selected.star", "particles")) == 20


@pytest.fixture(scope="module")
def batch(session):
    """Classify the particles of a session outside of its project, and keep one of the two classes."""
    project, movies = session
    cut = [movie.particles for movie in movies[:3]]
    blocks = [read_star(found.star) for found in cut]
    star = project.parent / "session" / "batch1.star"
    write_star(star, {"optics": blocks[0]["optics"], "particles": pd.concat([block["particles"] for block in blocks])})
    particles = ParticleSet(star=star, count=15, box_size=32, pixel_size=2.7, diameter=40.0)
    classifier = RelionClassification2D(classes=2, iterations=1)
    classes = classifier.classify(particles, project.parent / "session" / "classification_2d")
    scores = (
        ClassScore(number=1, score=0.1, selected=False, reason="blurred"),
        ClassScore(number=2, score=0.9, selected=True, reason="detailed"),
    )
    selected = SelectedParticles(
        particles=particles, averages=classes.averages, scores=scores, threshold=0.5, program="judge 1.0"
    )
    return ProcessedBatch(particles=particles, classes=classes, selected=selected)


def test_relion_continues_a_classification_that_ran_elsewhere(session, batch):
    project, movies = session
    write_spa_project(project, "cm1", movies, [batch])
    (project / "Class2D/job111").mkdir(parents=True)
    words = ["relion_refine", "--continue", "Class2D/job007/run_it001_optimiser.star", "--iter", "2"]
    relion(project, *words, "--o", "Class2D/job111/run")
    names = read_table(project / "Class2D/job111/run_it002_data.star", "particles")["rlnImageName"]
    assert {name.split("@")[1].split("/")[1] for name in names} == {"job005"}


def test_the_classes_that_were_kept_are_listed_with_their_scores(session, batch):
    project, movies = session
    write_spa_project(project, "cm1", movies, [batch])
    (row,) = read_table(project / "Select/job008/class_averages.star", "").to_dict("records")
    assert (row["rlnClassNumber"], row["rlnPredictedClassScore"]) == (2, 0.9)
    assert (project / row["rlnReferenceImage"].split("@")[1]).exists()
    assert "class 1: 0.10, left out: blurred" in (project / "Select/job008/run.out").read_text()
    pipeline = read_pipeline(project / "default_pipeline.star")
    assert ("Class2D/job007/run_it001_optimiser.star", "Select/job008/") in pipeline.inputs
    assert pipeline.counter == 11


def test_a_batch_that_could_not_be_classified_is_a_failed_job(session, batch):
    project, movies = session
    failed = ProcessedBatch(particles=batch.particles, failure="the refinement diverged")
    write_spa_project(project, "cm1", movies, [batch, failed])
    assert (project / "Class2D/job011/RELION_JOB_EXIT_FAILURE").exists()
    assert "the refinement diverged" in (project / "Class2D/job011/run.err").read_text()
    assert len(read_table(project / "Select/job006/particles_split2.star", "particles")) == 15
    pipeline = read_pipeline(project / "default_pipeline.star")
    assert ("Select/job006/particles_split2.star", "Class2D/job011/") in pipeline.inputs
    assert [job for job, _ in pipeline.outputs if job == "Class2D/job011/"] == []
