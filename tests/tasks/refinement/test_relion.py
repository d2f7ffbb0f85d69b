import time
from contextlib import suppress

import numpy as np
import psutil
import pytest
from pydantic import ValidationError
from relion_runs import COMMANDS, job, needs_relion, refined, small_particles, stand_in, true_map

from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.mrc import read_volume
from tasks.formats.star import read_table
from tasks.numerics.shells import fourier_shell_correlation
from tasks.refinement import RelionRefinement
from tasks.relion.computing import Computing
from tasks.relion.version import RelionVersion
from tasks.reuse import digest

COMMON = [
    *["--i", "Extract/particles.star", "--o", "Refine3D/job014/run", "--particle_diameter", "110", "--ctf"],
    *["--pad", "2", "--flatten_solvent", "--zero_mask", "--oversampling", "1", "--random_seed", "1"],
    *["--offset_range", "5", "--norm", "--scale", "--sym", "D2", "--firstiter_cc", "--healpix_order", "2"],
    *["--offset_step", "4"],
]
SEARCH = ["--ini_high", "20", "--auto_local_healpix_order", "4", "--low_resol_join_halves", "40"]
END = ["--ref", "Extract/ref.mrc", "--pipeline_control", "Refine3D/job014/", "--auto_refine", "--split_random_halves"]
REFERENCE = job("Extract").file("ref.mrc")


@needs_relion
def test_refines_the_density_with_its_hand(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    found, true = refined(base), read_volume(small_particles(base).density)
    density = read_volume(found.map.path)
    mirrored = np.roll(true[::-1], 1, axis=0)
    assert fourier_shell_correlation(density, true)[1:6].min() > 0.8
    assert fourier_shell_correlation(density, mirrored)[3:6].mean() < 0.6


@needs_relion
def test_reports_resolution_halves_and_particles(tmp_path_factory):
    found = refined(tmp_path_factory.getbasetemp())
    assert 16 <= found.map.resolution <= 40
    halves = [read_volume(half) for half in found.map.halves]
    assert np.corrcoef(halves[0].ravel(), halves[1].ravel())[0, 1] > 0.5
    assert not np.array_equal(*halves)
    assert read_table(found.particles.star, "particles")["rlnRandomSubset"].value_counts().min() > 30
    assert found.optimiser.is_file()


def test_the_command():
    refiner = RelionRefinement(symmetry="d2", computing=Computing(processes=5, threads=8, gpus="0:1:2:3"))
    command = refiner.command(COMMANDS, REFERENCE, job("Refine3D/job014"), RelionVersion(4))
    words = ["--j", "8", "--gpu", "0:1:2:3", "--pool", "30", "--preread_images"]
    start = ["mpirun", "-n", "5", "relion_refine_mpi"]
    assert command == [*start, *COMMON, *SEARCH, *words, "--dont_combine_weights_via_disc", *END]


def test_the_command_of_relion_5_with_mask_and_blush(tmp_path):
    refiner = RelionRefinement(symmetry="D2", mask="/project/MaskCreate/mask.mrc", solvent_corrected=True, blush=True)
    command = refiner.command(COMMANDS, REFERENCE, job("Refine3D/job014"), RelionVersion(5))
    mask = ["--solvent_mask", "/project/MaskCreate/mask.mrc", "--blush"]
    words = ["--solvent_correct_fsc", "--j", "1", "--pool", "30", "--preread_images", "--dont_combine_weights_via_disc"]
    assert command == ["mpirun", "-n", "3", "relion_refine_mpi", *COMMON, *mask, *SEARCH, *words, *END]
    with pytest.raises(InputError, match=r"blush: RELION 4\.0\.0"):
        refiner.command(COMMANDS, REFERENCE, job("Refine3D/job014"), RelionVersion(4))


@pytest.mark.parametrize("processes", [1, 2])
def test_too_few_processes_are_refused(processes):
    with pytest.raises(ValidationError, match="one to lead and one for each half"):
        RelionRefinement(computing=Computing(processes=processes))


def test_a_corrected_resolution_needs_a_mask():
    with pytest.raises(ValidationError, match="needs a mask"):
        RelionRefinement(solvent_corrected=True)


def test_processes_threads_and_gpus_do_not_count_for_reuse():
    one, other = RelionRefinement(), RelionRefinement(computing=Computing(processes=5, threads=8, gpus="0:1"))
    assert digest({"refiner": one}) == digest({"refiner": other})
    assert digest({"refiner": one}) != digest({"refiner": RelionRefinement(symmetry="C2")})


@needs_relion
def test_a_refinement_that_stops_before_it_converges_has_failed(tmp_path_factory, tmp_path):
    truth = small_particles(tmp_path_factory.getbasetemp())
    program = stand_in(tmp_path / "relion_refine", "5.0.0")
    stand_in(tmp_path / "relion_refine_mpi", "5.0.0", "print('stopped at iteration 3')")
    with pytest.raises(CommandError, match=r"(?s)did not write .*run_class001\.mrc.*stopped at iteration 3"):
        RelionRefinement(executable=str(program)).refine(truth.particles, true_map(truth), tmp_path / "job")


def ended_with(tmp_path, found, resolution):
    """Return a refiner whose program leaves the files of a real refinement, but another resolution."""
    program = stand_in(tmp_path / "relion_refine", "3.1.3")
    # Of the processes that mpirun starts, one writes.
    body = "import os, shutil\nif os.environ.get('OMPI_COMM_WORLD_RANK', '0') != '0': sys.exit()\n"
    body += "beside = pathlib.Path(value('--o')).parent\n"
    body += f"for file in pathlib.Path({str(found.model.parent)!r}).glob('run_*'): shutil.copy(file, beside)\n"
    body += "model = beside / 'run_model.star'\n"
    body += "lines = model.read_text().splitlines()\n"
    body += f"lines = ['_rlnCurrentResolution {resolution}' if 'rlnCurrentRes' in line else line for line in lines]\n"
    body += "model.write_text('\\n'.join(lines) + '\\n')"
    stand_in(tmp_path / "relion_refine_mpi", "3.1.3", body)
    return RelionRefinement(executable=str(program), initial_lowpass=40, mask_diameter=150)


@needs_relion
@pytest.mark.parametrize("resolution", ["nan", "inf", "999.000000"])
def test_halves_that_agree_nowhere_are_a_failure(tmp_path_factory, tmp_path, resolution):
    base = tmp_path_factory.getbasetemp()
    truth = small_particles(base)
    refiner = ended_with(tmp_path, refined(base), resolution)
    with pytest.raises(ResultError, match="the halves of 80 particles agree at no resolution"):
        refiner.refine(truth.particles, true_map(truth), tmp_path / "job")


@needs_relion
def test_a_resolution_no_finer_than_that_of_the_reference_is_doubted(tmp_path_factory, tmp_path):
    base = tmp_path_factory.getbasetemp()
    truth = small_particles(base)
    # What RELION reports of images of noise with this reference.
    found = ended_with(tmp_path, refined(base), "38.400000").refine(truth.particles, true_map(truth), tmp_path / "job")
    assert found.doubt.startswith(
        "the halves agree to 38.4 angstrom, no finer than the reference was used at first (40)"
    )
    assert refined(base).doubt is None


@needs_relion
def test_no_process_is_left_of_a_refinement_that_takes_too_long(tmp_path_factory, tmp_path):
    truth = small_particles(tmp_path_factory.getbasetemp())
    refiner = RelionRefinement(computing=Computing(processes=3, time_limit=3))
    with pytest.raises(CommandError, match="longer than 3 s"):
        refiner.refine(truth.particles, true_map(truth), tmp_path / "job")
    wait_until(lambda: not [line for line in command_lines() if str(tmp_path) in line])


def command_lines():
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            found.append(" ".join(process.cmdline()))
    return found


def wait_until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)
