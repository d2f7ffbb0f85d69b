import numpy as np
import pytest
from relion_runs import needs_relion
from scipy.ndimage import affine_transform
from scipy.spatial.transform import Rotation

from tasks.errors import InputError
from tasks.formats.mrc import read_volume, write_mrc
from tasks.models.maps import Map
from tasks.simulation.particles import SimulatedParticles
from tasks.symmetry_search import RelionSymmetrySearch

BOX = 32


def turned_halves(tmp_path, noise, pixel_size=6.0, **parameters):
    """Return a density in any orientation with half maps that differ by noise, and the particle's diameter."""
    simulated = SimulatedParticles(count=1, box_size=BOX, pixel_size=pixel_size, kilodalton=80, **parameters)
    truth = simulated.simulate(tmp_path)
    turn = Rotation.from_euler("ZYZ", (20, 50, 70), degrees=True).as_matrix()
    centre = np.full(3, BOX // 2)
    density = affine_transform(read_volume(truth.density), turn, centre - turn @ centre, order=3)
    random = np.random.default_rng(91)
    halves = [density + random.normal(0, noise * density.max(), density.shape) for _ in range(2)]
    paths = [tmp_path / f"half{number}.mrc" for number in (1, 2)]
    for path, half in zip(paths, halves, strict=True):
        write_mrc(path, half.astype(np.float32), pixel_size)
    write_mrc(tmp_path / "map.mrc", np.mean(halves, axis=0).astype(np.float32), pixel_size)
    return Map(path=tmp_path / "map.mrc", pixel_size=pixel_size, box_size=BOX, halves=paths), truth.particles.diameter


@needs_relion
def test_finds_the_symmetry_of_a_trimer_in_any_orientation(tmp_path):
    density, diameter = turned_halves(tmp_path, 0.03, symmetry=3, radius=38)
    found = RelionSymmetrySearch(groups=("C2", "C3")).find(density, diameter, tmp_path / "search")
    assert found.map.symmetry == "C3"
    assert found.scores[1].agreement > 0.75
    assert found.scores[0].agreement < 0.6
    symmetrised = read_volume(found.map.path)
    assert np.ptp(symmetrised) > 0.7 * np.ptp(read_volume(density.path))


@needs_relion
def test_a_particle_without_symmetry_has_none(tmp_path):
    density, diameter = turned_halves(tmp_path, 0.02, pixel_size=4.5)
    found = RelionSymmetrySearch(groups=("C3",)).find(density, diameter, tmp_path / "search")
    assert found.map == density
    assert found.why.startswith("no symmetry: copies under C")


@needs_relion
def test_a_coarse_map_tells_no_symmetry(tmp_path):
    density, diameter = turned_halves(tmp_path, 0.2)
    found = RelionSymmetrySearch().find(density, diameter, tmp_path / "search")
    assert found.map == density
    assert "shows its shape only" in found.why


@needs_relion
def test_a_density_of_unknown_signal_is_refused(tmp_path):
    density, diameter = turned_halves(tmp_path, 0.02)
    with pytest.raises(InputError, match="neither half maps nor a resolution"):
        RelionSymmetrySearch().find(density.model_copy(update={"halves": None}), diameter, tmp_path / "search")
