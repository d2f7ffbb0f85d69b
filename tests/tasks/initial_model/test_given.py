import numpy as np
import pytest

from tasks.errors import InputError
from tasks.formats.mrc import write_mrc
from tasks.initial_model import GivenModel
from tasks.models import ParticleSet


@pytest.fixture
def particles(tmp_path) -> ParticleSet:
    return ParticleSet(star=tmp_path / "particles.star", count=300, box_size=40, pixel_size=5, diameter=120)


def density(path, shape=(24, 24, 24), pixel_size=4.0):
    write_mrc(path, np.ones(shape, np.float32), pixel_size)
    return path


def test_the_density_is_taken_as_it_is(tmp_path, particles):
    found = GivenModel(map=density(tmp_path / "known.mrc")).find(particles, tmp_path)
    assert (found.map.path, found.map.box_size) == (tmp_path / "known.mrc", 24)
    assert found.map.pixel_size == pytest.approx(4)
    assert found.map.symmetry == "C1"
    assert "known.mrc" in found.why


def test_a_voxel_size_that_is_given_counts_more_than_that_of_the_file(tmp_path, particles):
    found = GivenModel(map=density(tmp_path / "known.mrc"), pixel_size=3.5).find(particles, tmp_path)
    assert found.map.pixel_size == 3.5


@pytest.mark.parametrize(
    ("shape", "expected"), [((24, 24, 20), "expected a cube"), (None, "no such file")], ids=["no cube", "no file"]
)
def test_refuses_what_is_no_density(tmp_path, particles, shape, expected):
    path = tmp_path / "known.mrc"
    if shape:
        density(path, shape)
    with pytest.raises(InputError, match=expected):
        GivenModel(map=path).find(particles, tmp_path)
