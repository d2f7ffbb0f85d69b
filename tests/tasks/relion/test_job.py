from pathlib import Path

import psutil
import pytest
from relion_runs import stand_in

from tasks.classification_2d import RelionClassification2D
from tasks.errors import CommandError, FormatError, InputError
from tasks.models import ParticleSet
from tasks.relion.computing import Computing
from tasks.relion.job import Job, first_image, open_job
from tasks.relion.version import RelionVersion


def particles_of(star: Path, image: str) -> ParticleSet:
    star.parent.mkdir(parents=True, exist_ok=True)
    star.write_text(f"data_particles\n\nloop_\n_rlnImageName #1\n_rlnOpticsGroup #2\n000001@{image} 1\n")
    return ParticleSet(star=star, count=1, box_size=32, pixel_size=2, diameter=50)


def test_the_first_run_has_the_folder_itself_and_later_ones_a_folder_inside(tmp_path):
    first, second = open_job(tmp_path / "job"), open_job(tmp_path / "job")
    assert first.folder == tmp_path / "job"
    assert second.folder == tmp_path / "job" / "run02"


def test_does_not_write_over_what_another_program_left(tmp_path):
    earlier = tmp_path / "job" / "run_it025_model.star"
    earlier.parent.mkdir()
    earlier.write_text("earlier")
    assert open_job(tmp_path / "job").folder == tmp_path / "job" / "run02"


def test_runs_in_the_project_that_image_names_are_relative_to(tmp_path):
    particles = particles_of(tmp_path / "project" / "Extract" / "job005" / "particles.star", "Extract/job005/a.mrcs")
    (tmp_path / "project" / "Extract" / "job005" / "a.mrcs").write_bytes(b"")
    job = open_job(tmp_path / "project" / "Class2D" / "job006", particles)
    assert job.root == tmp_path / "project"
    assert job.name(particles.star) == "Extract/job005/particles.star"
    assert job.prefix == "Class2D/job006/run"


def test_names_files_wholly_where_images_are_named_wholly(tmp_path):
    (tmp_path / "a.mrcs").write_bytes(b"")
    particles = particles_of(tmp_path / "particles.star", str(tmp_path / "a.mrcs"))
    job = open_job(tmp_path / "job", particles)
    assert job.name(particles.star) == str(tmp_path / "particles.star")
    assert job.prefix == str(tmp_path / "job" / "run")


def test_refuses_images_that_do_not_exist(tmp_path):
    with pytest.raises(FormatError, match=r"Extract/a\.mrcs; expected a stack"):
        open_job(tmp_path / "job", particles_of(tmp_path / "particles.star", "Extract/a.mrcs"))


def test_refuses_a_star_file_without_images(tmp_path):
    (tmp_path / "particles.star").write_text("data_particles\n\nloop_\n_rlnMicrographName #1\na.mrc\n")
    with pytest.raises(FormatError, match="no image"):
        first_image(tmp_path / "particles.star")


def test_refuses_names_with_blanks(tmp_path):
    with pytest.raises(InputError, match="blank"):
        Job(tmp_path, tmp_path).name(tmp_path / "my particles.star")


def test_a_program_that_ends_well_without_its_files_has_failed(tmp_path):
    program = stand_in(tmp_path / "relion_refine", "5.0.0", "print('nothing to do')")
    with pytest.raises(CommandError, match=r"(?s)did not write .*run_it025_model\.star.*nothing to do"):
        Job(tmp_path, tmp_path).run([str(program)], Computing(), ["run_it025_model.star"])


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", r"ended by signal 9(?s:.*)ran out of memory"),
        ("print('std::bad_alloc'); sys.exit(1)", r"ran out of memory"),
        ("print('No space left on device'); sys.exit(1)", r"a disk is full"),
        ("print('ERROR: CUDA error'); sys.exit(1)", r"a GPU failed"),
    ],
)
def test_says_why_a_program_failed(tmp_path, body, cause):
    program = stand_in(tmp_path / "relion_refine", "5.0.0", body)
    with pytest.raises(CommandError, match=cause):
        Job(tmp_path, tmp_path).run([str(program)], Computing(), [])


def test_leaves_progress_bars_out_of_messages(tmp_path):
    body = r"print(' 0/ 9 sec ~~(,_,\">\r 1/ 9 sec ...~~(,_,\">\nERROR: the reason'); sys.exit(1)"
    program = stand_in(tmp_path / "relion_refine", "5.0.0", body)
    with pytest.raises(CommandError) as caught:
        Job(tmp_path, tmp_path).run([str(program)], Computing(), [])
    assert "the reason" in str(caught.value)
    assert "~~" not in str(caught.value)


def test_ends_a_program_at_the_time_limit(tmp_path):
    program = stand_in(tmp_path / "relion_refine", "5.0.0", "import time; time.sleep(60)")
    with pytest.raises(CommandError, match="longer than"):
        Job(tmp_path, tmp_path).run([str(program)], Computing(time_limit=0.5), [])


def test_starts_mpi_with_the_launcher_of_the_site(tmp_path):
    computing = Computing(processes=5, launcher=("srun", "--mpi=pmix"))
    assert computing.launch("relion_refine") == ["srun", "--mpi=pmix", "-n", "5", "relion_refine_mpi"]
    assert Computing().launch("relion_refine") == ["relion_refine"]
    assert Computing().environment() == {}
    assert "OMPI_MCA_rmaps_base_oversubscribe" in computing.environment()


def test_mpi_is_that_of_the_environment_in_which_the_site_has_relion(tmp_path, monkeypatch):
    stand_in(tmp_path / "relion" / "relion_refine_mpi", "5.0.0", "print(*arguments)")
    mpirun = tmp_path / "relion" / "srun"
    mpirun.write_text('#!/bin/sh\nshift 3\necho "$COLOUR $OMPI_MCA_mpi_yield_when_idle"\nexec "$@"\n')
    mpirun.chmod(0o755)
    relion = f"{{names: ['relion_*'], search: [{tmp_path}/relion], variables: {{COLOUR: blue}}}}"
    (tmp_path / "programs.yaml").write_text(f"programs:\n  relion: {relion}\n")
    monkeypatch.setenv("CRYOEM_FLOWS_PROGRAMS", str(tmp_path / "programs.yaml"))
    computing = Computing(processes=3, launcher=("srun", "--mpi=pmix"))
    said = Job(tmp_path, tmp_path).run([*computing.launch("relion_refine"), "--o", "run"], computing, [])
    assert said == "blue 1\n--o run\n"


@pytest.mark.parametrize(
    ("body", "begins"),
    [
        ("sys.exit(1)", r"\S*relion_refine_mpi \(started by env\) failed with status 1"),
        ("print('nothing to do')", r"\S*relion_refine_mpi ended well but did not write"),
    ],
)
def test_a_failure_among_several_processes_names_relion_and_not_only_mpi(tmp_path, body, begins):
    stand_in(tmp_path / "relion_refine_mpi", "5.0.0", body)
    # Like mpirun, this starts what follows; the words -n 3 are for it.
    launcher = tmp_path / "launch.sh"
    launcher.write_text('shift 2\nexec "$@"\n')
    computing = Computing(processes=3, launcher=("env", "sh", str(launcher)))
    words = computing.launch(str(tmp_path / "relion_refine"))
    with pytest.raises(CommandError, match=f"^{begins}"):
        Job(tmp_path, tmp_path).run(words, computing, ["run_data.star"])


def test_images_are_held_in_memory_only_where_they_fit():
    computing = Computing(processes=3)
    assert computing.holding(1_000_000) == computing
    everything = psutil.virtual_memory().total
    assert not computing.holding(everything // 3).preread_images
    assert Computing().holding(everything // 3).preread_images
    many = ParticleSet(star="many.star", count=everything, box_size=256, pixel_size=1, diameter=100)
    job = Job(Path("/project/Class2D"), Path("/project"))
    command = RelionClassification2D().command(many, job, RelionVersion(3, 1, 3))
    assert "--preread_images" not in command
