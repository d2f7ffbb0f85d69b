import numpy as np
import pytest

from tasks.errors import FormatError, InputError
from tasks.formats.mrc import write_mrc
from tasks.simulation.particle import POTENTIAL_PER_KILODALTON, from_map, protein


@pytest.mark.parametrize("detail", [1.0, 0.1])
def test_the_built_in_protein_has_its_mass_and_size_at_any_detail(detail):
    found = protein(150, detail=detail)
    assert found.weights.sum() == pytest.approx(150 * POTENTIAL_PER_KILODALTON, rel=1e-4)
    longest = np.linalg.norm(found.positions[:, None] - found.positions[None], axis=2).max()
    assert 95 < longest < 125
    assert np.abs(found.positions.mean(axis=0)).max() < 1e-3


def test_the_built_in_protein_is_always_the_same():
    assert np.array_equal(protein(150).positions, protein(150).positions)


def test_a_map_becomes_blobs_around_its_centre_of_mass(tmp_path):
    volume = np.random.default_rng(1).normal(0, 0.05, (20, 24, 28)).astype(np.float32)
    volume[5:9, 10:12, 20:26] += 1
    write_mrc(tmp_path / "map.mrc", volume, 3.0)
    found = from_map(tmp_path / "map.mrc", 100)
    assert len(found.weights) == 4 * 2 * 6
    assert found.weights.sum() == pytest.approx(100 * POTENTIAL_PER_KILODALTON, rel=1e-4)
    assert np.ptp(found.positions, axis=0) == pytest.approx((15, 3, 9))
    assert np.average(found.positions, axis=0, weights=found.weights) == pytest.approx(0, abs=1e-3)


def test_a_map_without_a_particle_is_refused(tmp_path):
    write_mrc(tmp_path / "flat.mrc", np.ones((8, 8, 8), np.float32), 4.0)
    with pytest.raises(InputError, match=r"flat.mrc: an even density"):
        from_map(tmp_path / "flat.mrc", 100)


def test_a_map_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(FormatError):
        from_map(tmp_path / "none.mrc", 100)
