"""A run that was killed is gone on with by the next one for the same purpose, and by no other."""

import shutil

import numpy as np
import pytest
from relion_runs import needs_relion, small_particles, true_map

from tasks.b_factor.subsets import draw_subset
from tasks.classification_2d import RelionClassification2D
from tasks.errors import CommandError, ResultError
from tasks.formats.mrc import read_volume
from tasks.models import ParticleSet
from tasks.refinement import RelionRefinement
from tasks.relion.computing import Computing
from tasks.relion.job import open_job

CLASSES = RelionClassification2D(classes=2, iterations=20, psi_step=24, offset_range=1, mask_diameter=150)
"""Iterations enough that the end does not come before the killer, on whatever machine."""
ROWS = "data_particles\n\nloop_\n_rlnImageName #1\n_rlnOpticsGroup #2\n"


@pytest.fixture
def particles(tmp_path):
    """Return two particles, of which only the names exist."""
    (tmp_path / "a.mrcs").write_bytes(b"")
    star = tmp_path / "particles.star"
    star.write_text(ROWS + "".join(f"{number}@{tmp_path}/a.mrcs 1\n" for number in (1, 2)))
    return ParticleSet(star=star, count=2, box_size=32, pixel_size=2, diameter=50)


def left(job, number, rows=2):
    """Leave the files of an iteration, with so many of the two particles."""
    job.file(f"run_it{number:03d}_optimiser.star").write_text("data_optimiser_general\n")
    job.file(f"run_it{number:03d}_data.star").write_text(ROWS + "1@a.mrcs 1\n" * rows)


def killed(folder, particles, purpose="this"):
    """Return the job of a run that was killed in its third iteration."""
    job = open_job(folder, particles, purpose)
    for number, rows in ((0, 2), (1, 2), (2, 2), (3, 1)):
        left(job, number, rows)
    job.claim.file.close()
    return job


def test_goes_on_from_the_last_whole_iteration(particles, tmp_path):
    killed(tmp_path / "job", particles)
    job = open_job(tmp_path / "job", particles, "this")
    assert (job.folder, job.reached, job.log) == (tmp_path / "job", 2, "run_ct002.out")


def test_goes_on_before_the_iteration_that_is_to_be_written(particles, tmp_path):
    killed(tmp_path / "job", particles)
    assert open_job(tmp_path / "job", particles, "this", below=2).reached == 1


@pytest.mark.parametrize("purpose", ["that", ""])
def test_another_purpose_begins_anew_in_a_folder_of_its_own(particles, tmp_path, purpose):
    killed(tmp_path / "job", particles)
    job = open_job(tmp_path / "job", particles, purpose)
    assert (job.folder, job.reached) == (tmp_path / "job" / "run02", None)


def test_a_run_that_is_at_work_is_left_alone(particles, tmp_path):
    first = killed(tmp_path / "job", particles)
    at_work = open_job(tmp_path / "job", particles, "this")
    assert at_work.folder == first.folder
    assert open_job(tmp_path / "job", particles, "this").folder == tmp_path / "job" / "run02"


def test_a_run_that_ended_well_is_left_alone(particles, tmp_path):
    killed(tmp_path / "job", particles).file("RELION_JOB_EXIT_SUCCESS").touch()
    assert open_job(tmp_path / "job", particles, "this").folder == tmp_path / "job" / "run02"


def test_a_run_without_a_whole_iteration_is_begun_anew(particles, tmp_path):
    first = open_job(tmp_path / "job", particles, "this")
    left(first, 0)
    left(first, 1, rows=1)
    first.claim.file.close()
    job = open_job(tmp_path / "job", particles, "this")
    assert (job.folder, job.reached) == (tmp_path / "job" / "run02", None)


@pytest.mark.parametrize(
    ("said", "error", "reached"), [("gone", CommandError, 2), ("zero sum of weights", ResultError, None)]
)
def test_a_failure_is_gone_on_with_but_not_a_divergence(particles, tmp_path, said, error, reached):
    killed(tmp_path / "job", particles)
    job = open_job(tmp_path / "job", particles, "this")
    with pytest.raises(error):
        job.run(["sh", "-c", f"echo {said}; exit 1"], Computing(), [], job.log)
    assert open_job(tmp_path / "job", particles, "this").reached == reached


def dying(tmp_path, name, iteration):
    """Return a RELION that dies as soon as an iteration is written, the first time."""
    program = tmp_path / name
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec {shutil.which(name)} --version\n'
        f'for word; do echo "$word"; done >> {tmp_path}/words\n'
        f'if [ ! -e {tmp_path}/died ] && [ "${{OMPI_COMM_WORLD_RANK:-0}}" = 0 ]; then\n'
        f"(until [ -s $0.job/run_it{iteration:03d}_data.star ]; do sleep 0.05; done; sleep 0.2; touch {tmp_path}/died\n"
        f' kill -9 $$) & fi\nexec {shutil.which(name)} "$@"\n'.replace("$0.job", f"{tmp_path}/job")
    )
    program.chmod(0o755)
    return program


@needs_relion
def test_relion_goes_on_with_a_classification(tmp_path_factory, tmp_path):
    truth = small_particles(tmp_path_factory.getbasetemp())
    tool = CLASSES.model_copy(update={"executable": str(dying(tmp_path, "relion_refine", 2))})
    with pytest.raises(CommandError, match="ended by signal 9"):
        tool.classify(truth.particles, tmp_path / "job")
    found = tool.classify(truth.particles, tmp_path / "job")
    assert found.model == tmp_path / "job" / "run_it020_model.star"
    assert "--continue" in (tmp_path / "words").read_text().split()
    assert sum(item.particles for item in found.classes) == 80
    assert {path.name[:9] for path in (tmp_path / "job").glob("run_it*")} == {"run_it020"}


@needs_relion
def test_relion_goes_on_with_a_refinement(tmp_path_factory, tmp_path):
    truth = small_particles(tmp_path_factory.getbasetemp())
    some = draw_subset(truth.particles, 40, 1, tmp_path)
    dying(tmp_path, "relion_refine_mpi", 1)
    refiner = RelionRefinement(
        executable=str(dying(tmp_path, "relion_refine", 1)),
        initial_lowpass=40,
        healpix_order=1,
        local_healpix_order=2,
        offset_range=1,
        offset_step=1,
        mask_diameter=150,
        ignore_angles=True,
        resolution_angles=True,
    )
    with pytest.raises(CommandError, match="signal 9"):
        refiner.refine(some, true_map(truth), tmp_path / "job")
    found = refiner.refine(some, true_map(truth), tmp_path / "job")
    assert found.model == tmp_path / "job" / "run_model.star"
    assert "--continue" in (tmp_path / "words").read_text().split()
    density, true = read_volume(found.map.path), read_volume(truth.density)
    assert np.corrcoef(density.ravel(), true.ravel())[0, 1] > 0.5
