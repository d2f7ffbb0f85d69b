import numpy as np
import pytest
from relion_runs import COMMANDS, job, needs_relion, small_particles, true_map

from tasks.classification_3d import RelionClassification3D
from tasks.errors import InputError
from tasks.formats.mrc import read_volume
from tasks.formats.star import read_table
from tasks.relion.computing import Computing
from tasks.relion.version import RelionVersion

COMMON = [
    *[
        "--i",
        "Extract/particles.star",
        "--o",
        "Class3D/job011/run",
        "--particle_diameter",
        "110",
        "--ctf",
        "--pad",
        "2",
    ],
    *["--flatten_solvent", "--zero_mask", "--oversampling", "1", "--random_seed", "1", "--offset_range", "5"],
    *["--norm", "--scale", "--sym", "C1", "--firstiter_cc", "--healpix_order", "2", "--offset_step", "4"],
]
SEARCH = ["--K", "4", "--iter", "25", "--tau2_fudge", "4", "--ini_high", "40"]
END = ["--ref", "InitialModel/job010/model.mrc", "--pipeline_control", "Class3D/job011/"]
REFERENCE = job("InitialModel/job010").file("model.mrc")


@needs_relion
def test_classifies_by_one_reference_and_chooses_a_class(tmp_path_factory, tmp_path):
    truth = small_particles(tmp_path_factory.getbasetemp())
    classifier = RelionClassification3D(
        classes=2, iterations=2, healpix_order=1, oversampling=0, offset_range=1, offset_step=1, mask_diameter=150
    )
    found = classifier.classify(truth.particles, [true_map(truth)], tmp_path / "Class3D")
    assert sum(item.particles for item in found.classes) == 80
    assert found.best_class.particles == max(item.particles for item in found.classes)
    assert f"class {found.best}" in found.why
    density, true = read_volume(found.best_class.map.path), read_volume(truth.density)
    assert np.corrcoef(density.ravel(), true.ravel())[0, 1] > 0.7
    assert "rlnAngleTilt" in read_table(found.particles.star, "particles")


def test_the_command_for_processes_and_gpus():
    computing = Computing(processes=5, threads=8, gpus="0:1:2:3", pool=10)
    classifier = RelionClassification3D(computing=computing)
    command = classifier.command(COMMANDS, REFERENCE, job("Class3D/job011"), RelionVersion(3, 1, 3))
    words = ["--j", "8", "--gpu", "0:1:2:3", "--pool", "10", "--preread_images", "--dont_combine_weights_via_disc"]
    assert command == ["mpirun", "-n", "5", "relion_refine_mpi", *COMMON, *SEARCH, *words, *END]


def test_the_command_of_relion_5_with_blush():
    command = RelionClassification3D(blush=True).command(
        COMMANDS, REFERENCE, job("Class3D/job011"), RelionVersion(5, 0, 1)
    )
    words = ["--j", "1", "--pool", "30", "--preread_images", "--dont_combine_weights_via_disc"]
    assert command == ["relion_refine", *COMMON, "--blush", *SEARCH, *words, *END]


def test_blush_needs_relion_5():
    with pytest.raises(InputError, match=r"RELION 5\.0 or later"):
        RelionClassification3D(blush=True).command(COMMANDS, REFERENCE, job("Class3D/job011"), RelionVersion(4))


def test_references_are_one_or_as_many_as_classes(tmp_path_factory, tmp_path):
    truth = small_particles(tmp_path_factory.getbasetemp())
    with pytest.raises(InputError, match="3 maps; expected one, or one for each of 4 classes"):
        RelionClassification3D().classify(truth.particles, [true_map(truth)] * 3, tmp_path)


def test_more_classes_than_particles_are_refused(tmp_path):
    few = COMMANDS.model_copy(update={"count": 3})
    with pytest.raises(InputError, match="3 particles; expected at least 4 for 4 classes"):
        RelionClassification3D().classify(few, [], tmp_path)
