import pytest
from relion_runs import COMMANDS, job, needs_relion, small_particles

from tasks.errors import InputError
from tasks.formats.mrc import read_volume
from tasks.initial_model import RelionInitialModel
from tasks.relion.computing import Computing
from tasks.relion.version import RelionVersion

START = [
    *["relion_refine", "--i", "Extract/particles.star", "--o", "InitialModel/job010/run", "--particle_diameter", "110"],
    *["--ctf", "--pad", "2", "--flatten_solvent", "--zero_mask", "--oversampling", "1", "--random_seed", "1"],
    *["--K", "3", "--healpix_order", "1", "--offset_range", "6", "--offset_step", "2"],
]
COMPUTING = ["--j", "1", "--pool", "30", "--preread_images", "--dont_combine_weights_via_disc"]
END = ["--pipeline_control", "InitialModel/job010/"]


@needs_relion
def test_finds_a_density_and_applies_symmetry(tmp_path_factory, tmp_path):
    truth = small_particles(tmp_path_factory.getbasetemp())
    finder = RelionInitialModel(
        iterations=4,
        oversampling=0,
        offset_range=1,
        offset_step=1,
        initial_subset=30,
        final_subset=30,
        initial_resolution=60,
        final_resolution=48,
        mask_diameter=150,
        symmetry="C2",
    )
    found = finder.find(truth.particles, tmp_path / "InitialModel")
    assert found.best == 1
    assert found.map.symmetry == "C2"
    assert found.classes[0].map.symmetry == "C1"
    density = read_volume(found.map.path)
    assert density.shape == (24, 24, 24)
    assert density[8:16, 8:16, 8:16].mean() > 5 * abs(density[:3].mean())


def test_the_command_of_relion_3_descends_in_three_stages():
    command = RelionInitialModel(classes=3).command(COMMANDS, job("InitialModel/job010"), RelionVersion(3, 1, 3))
    stages = ["--sgd_ini_iter", "33", "--sgd_inbetween_iter", "134", "--sgd_fin_iter", "33", "--sgd_write_iter", "10"]
    stages += ["--sgd_ini_resol", "35", "--sgd_fin_resol", "15", "--sgd_ini_subset", "100", "--sgd_fin_subset", "500"]
    assert command == [*START, *COMPUTING, "--denovo_3dref", "--sym", "C1", "--sgd", *stages, *END]


@pytest.mark.parametrize("version", [RelionVersion(4), RelionVersion(5)])
def test_the_command_of_later_versions(version):
    command = RelionInitialModel(classes=3).command(COMMANDS, job("InitialModel/job010"), version)
    gradient = ["--grad", "--grad_write_iter", "10", "--iter", "200", "--auto_sampling", "--tau2_fudge", "4"]
    assert command == [*START, *COMPUTING, "--denovo_3dref", "--sym", "C1", *gradient, *END]


def test_runs_without_mpi_whatever_the_number_of_processes():
    finder = RelionInitialModel(computing=Computing(processes=5))
    assert finder.command(COMMANDS, job("InitialModel/job010"), RelionVersion(5))[0] == "relion_refine"


def test_blush_needs_relion_5():
    finder = RelionInitialModel(blush=True)
    assert finder.command(COMMANDS, job("InitialModel/job010"), RelionVersion(5))[-3] == "--blush"
    with pytest.raises(InputError, match=r"blush: RELION 4\.0\.0; expected RELION 5\.0 or later"):
        finder.command(COMMANDS, job("InitialModel/job010"), RelionVersion(4))


def test_too_few_particles_are_refused(tmp_path):
    few = COMMANDS.model_copy(update={"count": 10})
    with pytest.raises(InputError, match="10 particles; expected at least 50"):
        RelionInitialModel().find(few, tmp_path)
