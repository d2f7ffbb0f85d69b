import numpy as np
import pytest
from relion_runs import COMMANDS, classes_2d, job, needs_relion, particles, small_particles, stand_in

from tasks.b_factor.subsets import draw_subset
from tasks.class_selection import EmbeddedRanking
from tasks.classification_2d import RelionClassification2D
from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.mrc import header, write_mrc
from tasks.formats.star import read_table
from tasks.relion.computing import Computing
from tasks.relion.version import RelionVersion

RELION_3, RELION_4, RELION_5 = RelionVersion(3, 1, 3), RelionVersion(4), RelionVersion(5)
COMMON = [
    *[
        "--i",
        "Extract/particles.star",
        "--o",
        "Class2D/job007/run",
        "--particle_diameter",
        "110",
        "--ctf",
        "--pad",
        "2",
    ],
    *["--flatten_solvent", "--zero_mask", "--oversampling", "1", "--random_seed", "1", "--offset_range", "5"],
    *["--norm", "--scale", "--K", "50", "--tau2_fudge", "2", "--center_classes", "--psi_step", "12"],
    *["--offset_step", "2"],
]


@needs_relion
def test_relion_tells_particles_from_junk(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    truth, found = particles(base), classes_2d(base)
    numbers = read_table(found.particles.star, "particles")["rlnClassNumber"].to_numpy()
    junk = np.array(truth.junk)
    purer = sum(max(junk[numbers == n].sum(), (~junk[numbers == n]).sum()) for n in set(numbers))
    assert purer > 0.9 * len(junk)
    assert found.program.startswith("RELION ")


@needs_relion
def test_the_classes_are_those_of_the_files(tmp_path_factory):
    found = classes_2d(tmp_path_factory.getbasetemp())
    assert [item.number for item in found.classes] == [1, 2, 3, 4, 5]
    assert sum(item.particles for item in found.classes) == found.particles.count == 120
    assert sum(item.fraction for item in found.classes) == pytest.approx(1, abs=1e-3)
    assert header(found.averages).shape == (5, 32, 32)
    best = max(found.classes, key=lambda item: item.particles)
    assert best.resolution is not None
    assert 12 <= best.resolution < 60


@needs_relion
def test_keeps_the_last_iteration_only(tmp_path_factory):
    found = classes_2d(tmp_path_factory.getbasetemp())
    assert {path.name[:9] for path in found.model.parent.glob("run_it*")} == {"run_it005"}


def test_the_command_of_relion_3():
    command = RelionClassification2D().command(COMMANDS, job("Class2D/job007"), RELION_3)
    computing = ["--j", "1", "--pool", "30", "--preread_images", "--dont_combine_weights_via_disc"]
    end = ["--iter", "25", "--pipeline_control", "Class2D/job007/"]
    assert command == ["relion_refine", *COMMON, *computing, *end]


@pytest.mark.parametrize("version", [RELION_4, RELION_5])
def test_the_command_of_later_versions_takes_mini_batches(version):
    classifier = RelionClassification2D(computing=Computing(threads=8, gpus="0", pool=100, scratch="/scratch"))
    command = classifier.command(COMMANDS, job("Class2D/job007"), version)
    computing = ["--j", "8", "--gpu", "0", "--pool", "100", "--preread_images", "--scratch_dir", "/scratch"]
    computing += ["--dont_combine_weights_via_disc", "--grad"]
    gradient = ["--class_inactivity_threshold", "0.1", "--grad_write_iter", "10", "--grad_fin_subset", "7000"]
    gradient += ["--grad_ini_frac", "0.3", "--grad_fin_frac", "0.1", "--iter", "150"]
    end = ["--pipeline_control", "Class2D/job007/"]
    assert command == ["relion_refine", *COMMON, *computing, *gradient, *end]


def test_several_processes_go_through_all_particles():
    classifier = RelionClassification2D(computing=Computing(processes=5))
    command = classifier.command(COMMANDS, job("Class2D/job007"), RELION_5)
    assert command[:4] == ["mpirun", "-n", "5", "relion_refine_mpi"]
    assert "--grad" not in command


def test_says_that_vdam_needs_a_later_version():
    with pytest.raises(InputError, match=r"RELION 3\.1\.3; expected RELION 4\.0 or later, or algorithm em"):
        RelionClassification2D(algorithm="vdam").choose(RELION_3)


def test_a_mask_larger_than_the_box_is_refused():
    with pytest.raises(InputError, match="at most 118 angstrom"):
        RelionClassification2D(mask_diameter=200).command(COMMANDS, job("Class2D/job007"), RELION_3)


def test_more_classes_than_particles_are_refused(tmp_path):
    with pytest.raises(InputError, match="at least 1000"):
        RelionClassification2D(classes=1000).classify(COMMANDS, tmp_path)


@needs_relion
def test_classes_that_no_particle_looks_like_are_empty(tmp_path_factory, tmp_path):
    some = draw_subset(small_particles(tmp_path_factory.getbasetemp()).particles, 12, 1, tmp_path)
    tool = RelionClassification2D(classes=12, iterations=8, psi_step=60, offset_range=1, mask_diameter=150)
    found = tool.classify(some, tmp_path / "Class2D")
    empty = [item for item in found.classes if not item.particles]
    assert empty
    assert {item.resolution for item in empty} == {None}
    assert sum(item.particles for item in found.classes) == 12
    scores = EmbeddedRanking().select(found, tmp_path / "Select").scores
    assert {scores[item.number - 1].reason for item in empty} == {"no particles"}


@needs_relion
def test_a_second_run_leaves_the_first_as_it_is(tmp_path_factory, tmp_path):
    found = classes_2d(tmp_path_factory.getbasetemp())
    time = found.model.stat().st_mtime_ns
    program = stand_in(tmp_path / "relion_refine", "3.1.3")
    with pytest.raises(CommandError, match="did not write"):
        RelionClassification2D(executable=str(program), classes=5).classify(found.particles, found.model.parent)
    assert found.model.stat().st_mtime_ns == time


@needs_relion
def test_averages_of_nothing_are_a_failure(tmp_path_factory, tmp_path):
    truth = particles(tmp_path_factory.getbasetemp())
    write_mrc(tmp_path / "zeros.mrcs", np.zeros((5, 32, 32), np.float32), 6, stack=True)
    body = "import shutil\nfor kind in ('data.star', 'model.star', 'optimiser.star', 'classes.mrcs'):\n"
    body += f"    shutil.copy({str(tmp_path / 'zeros.mrcs')!r}, value('--o') + '_it025_' + kind)"
    program = stand_in(tmp_path / "relion_refine", "3.1.3", body)
    with pytest.raises(ResultError, match="diverged"):
        RelionClassification2D(executable=str(program), classes=5).classify(truth.particles, tmp_path / "job")
