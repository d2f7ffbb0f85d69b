import numpy as np
from relion_runs import needs_relion

from tasks.formats.mrc import read_volume, write_mrc
from tasks.models.maps import Map
from tasks.symmetry_search import GivenSymmetry


def blobs(path) -> Map:
    """Two unlike balls beside the axis."""
    z, y, x = np.indices((32, 32, 32)) - 16
    volume = np.exp(-((x - 6) ** 2 + y**2 + z**2) / 8) + 0.5 * np.exp(-((x + 6) ** 2 + y**2 + z**2) / 8)
    write_mrc(path, volume.astype(np.float32), 5.0)
    return Map(path=path, pixel_size=5, box_size=32, resolution=20)


def test_without_symmetry_the_density_stays_and_no_program_is_needed(tmp_path):
    density = blobs(tmp_path / "density.mrc")
    found = GivenSymmetry(executable="no-such-program").find(density, 100, tmp_path / "symmetry")
    assert found.map == density
    assert "as given" in found.why


@needs_relion
def test_the_symmetry_is_applied(tmp_path):
    found = GivenSymmetry(group="C2").find(blobs(tmp_path / "density.mrc"), 100, tmp_path / "symmetry")
    assert found.map.symmetry == "C2"
    volume = read_volume(found.map.path)
    half_a_turn = np.roll(volume[:, ::-1, ::-1], (1, 1), axis=(1, 2))
    assert np.corrcoef(volume.ravel(), half_a_turn.ravel())[0, 1] > 0.98
