from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from relion_runs import job, needs_relion

from tasks.formats.mrc import read_volume
from tasks.relion.job import open_job
from tasks.relion.symmetry import PointGroup, symmetrise, symmetrising
from tasks.relion.version import RelionVersion
from tasks.simulation.particles import SimulatedParticles

SOURCE, TARGET = Path("/project/Initial/a.mrc"), Path("/project/Initial/b.mrc")


@pytest.mark.parametrize(("name", "group"), [("c1", "C1"), ("D7", "D7"), ("o", "O"), ("I2", "I2"), ("C12", "C12")])
def test_knows_point_groups(name, group):
    assert TypeAdapter(PointGroup).validate_python(name) == group


@pytest.mark.parametrize("name", ["C0", "X4", "", "C4; rm"])
def test_refuses_other_names(name):
    with pytest.raises(ValidationError, match="no point group"):
        TypeAdapter(PointGroup).validate_python(name)


def test_the_commands_of_relion_3_turn_first():
    commands = symmetrising(SOURCE, TARGET, "D2", 128, RelionVersion(3, 1, 3), job("Initial"))
    align = ["relion_align_symmetry", "--i", "Initial/a.mrc", "--sym", "D2", "--o", "Initial/b_turned.mrc"]
    apply = ["relion_image_handler", "--i", "Initial/b_turned.mrc", "--o", "Initial/b.mrc", "--sym", "D2"]
    assert commands == [([*align, "--box_size", "64"], "b_turned.mrc"), (apply, "b.mrc")]


def test_the_command_of_relion_4_does_both():
    commands = symmetrising(SOURCE, TARGET, "D2", 48, RelionVersion(4), job("Initial"))
    align = ["relion_align_symmetry", "--i", "Initial/a.mrc", "--sym", "D2", "--o", "Initial/b.mrc"]
    assert commands == [([*align, "--box_size", "48", "--apply_sym"], "b.mrc")]


@needs_relion
def test_a_density_with_the_symmetry_is_kept(tmp_path):
    simulated = SimulatedParticles(count=1, box_size=24, pixel_size=9, symmetry=2, radius=45, kilodalton=80)
    density = simulated.simulate(tmp_path).density
    own = open_job(tmp_path / "job")
    symmetrise(density, own.file("c2.mrc"), "C2", 24, RelionVersion(3, 1, 3), own)
    found = read_volume(own.file("c2.mrc"))
    turned = np.roll(found[:, ::-1, ::-1], (1, 1), axis=(1, 2))
    assert np.corrcoef(found.ravel(), turned.ravel())[0, 1] > 0.99
    assert np.ptp(found) > 0.7 * np.ptp(read_volume(density))
