import numpy as np
import pytest
from relion_runs import needs_relion

from tasks.command import run
from tasks.formats.mrc import read_volume
from tasks.formats.star import read_star, read_table
from tasks.numerics.shells import fourier_shell_correlation
from tasks.simulation.particles import SimulatedParticles


@needs_relion
def test_relion_reconstructs_the_density_with_its_hand_from_the_true_angles(tmp_path):
    simulated = SimulatedParticles(count=150, box_size=32, pixel_size=5, signal_to_noise=2, displacement=8, seed=41)
    truth = simulated.simulate(tmp_path)
    run(["relion_reconstruct", "--i", str(truth.answers), "--o", "map.mrc", "--ctf"], cwd=tmp_path)
    found, true = read_volume(tmp_path / "map.mrc"), read_volume(truth.density)
    mirrored = np.roll(true[::-1], 1, axis=0)
    assert fourier_shell_correlation(found, true)[1:7].min() > 0.95
    assert fourier_shell_correlation(found, mirrored)[4:9].mean() < 0.6


def test_the_program_is_not_told_the_answers(tmp_path):
    truth = SimulatedParticles(count=5, box_size=16, pixel_size=8).simulate(tmp_path)
    given = read_table(truth.particles.star, "particles")
    answers = read_table(truth.answers, "particles")
    hidden = {"rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOriginXAngst", "rlnOriginYAngst"}
    assert set(answers) - set(given) == hidden
    assert read_star(truth.particles.star)["optics"]["rlnImagePixelSize"][0] == pytest.approx(8)


def test_particles_are_bright_and_noise_has_unit_variance(tmp_path):
    simulated = SimulatedParticles(count=60, box_size=32, pixel_size=6, signal_to_noise=0.5, displacement=0, seed=42)
    truth = simulated.simulate(tmp_path)
    stack = read_volume(tmp_path / "particles.mrcs")
    assert stack.shape == (60, 32, 32)
    average = stack.mean(axis=0)
    assert average[14:18, 14:18].mean() > 0.5
    assert abs(average[:4].mean()) < 0.1
    assert stack[:, :4, :].std() == pytest.approx(1, abs=0.05)
    assert 90 < truth.particles.diameter < 160


def test_junk_is_told_apart_in_the_truth(tmp_path):
    truth = SimulatedParticles(count=200, box_size=16, pixel_size=10, junk=0.4, seed=43).simulate(tmp_path)
    assert 0.25 < np.mean(truth.junk) < 0.55
    assert len(read_table(truth.answers, "particles")) == 200 - sum(truth.junk)
    assert truth.particles.count == 200


def test_a_symmetric_density_looks_the_same_turned_about_z(tmp_path):
    truth = SimulatedParticles(count=1, box_size=40, pixel_size=6, symmetry=2, radius=50, kilodalton=60)
    volume = read_volume(truth.simulate(tmp_path).density)
    turned = np.roll(volume[:, ::-1, ::-1], (1, 1), axis=(1, 2))
    assert np.corrcoef(volume.ravel(), turned.ravel())[0, 1] > 0.999
    assert np.corrcoef(volume.ravel(), np.rot90(volume, axes=(1, 2)).ravel())[0, 1] < 0.9
