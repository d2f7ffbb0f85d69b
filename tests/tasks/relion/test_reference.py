import numpy as np
import pytest
from relion_runs import needs_relion

from tasks.errors import InputError
from tasks.formats.mrc import header, read_volume, write_mrc
from tasks.formats.star import read_star
from tasks.models import ParticleSet
from tasks.models.maps import Map
from tasks.relion.job import open_job
from tasks.relion.reference import fitted, require_mask, write_references

PARTICLES = {"count": 9, "diameter": 100}


def blob(tmp_path, size, pixel_size, width):
    along = (np.arange(size) - size // 2) * pixel_size
    density = np.exp(-(along[:, None, None] ** 2 + along[:, None] ** 2 + (along - 10) ** 2) / (2 * width**2))
    write_mrc(tmp_path / "map.mrc", density.astype(np.float32), pixel_size)
    return Map(path=tmp_path / "map.mrc", pixel_size=pixel_size, box_size=size)


def test_a_reference_that_fits_is_taken_as_it_is(tmp_path):
    reference = blob(tmp_path, 16, 5, 12)
    particles = ParticleSet(star=tmp_path / "p.star", box_size=16, pixel_size=5, **PARTICLES)
    assert fitted(reference, particles, open_job(tmp_path / "job")) == reference.path


@needs_relion
def test_a_reference_of_other_voxels_is_scaled_to_the_same_density(tmp_path):
    particles = ParticleSet(star=tmp_path / "p.star", box_size=30, pixel_size=4, **PARTICLES)
    found = fitted(blob(tmp_path, 24, 6, 14), particles, open_job(tmp_path / "job"))
    assert header(found).pixel_size == pytest.approx(4)
    expected = read_volume(blob(tmp_path, 30, 4, 14).path)
    assert np.corrcoef(read_volume(found).ravel(), expected.ravel())[0, 1] > 0.99


def test_refuses_a_reference_that_is_not_there_or_not_what_is_said(tmp_path):
    particles = ParticleSet(star=tmp_path / "p.star", box_size=16, pixel_size=5, **PARTICLES)
    with pytest.raises(InputError, match="no such file"):
        fitted(Map(path=tmp_path / "no.mrc", pixel_size=5, box_size=16), particles, open_job(tmp_path / "job"))
    reference = blob(tmp_path, 16, 5, 12).model_copy(update={"box_size": 20})
    with pytest.raises(InputError, match="a cube of 20 voxels"):
        fitted(reference, particles, open_job(tmp_path / "job"))


def test_several_references_are_listed(tmp_path):
    job = open_job(tmp_path / "job")
    paths = [tmp_path / "a.mrc", tmp_path / "b.mrc"]
    star = write_references(paths, job)
    (table,) = read_star(star).values()
    assert table["rlnReferenceImage"].tolist() == [str(path) for path in paths]
    assert write_references(paths[:1], job) == paths[0]


def test_a_mask_has_to_be_there_and_of_the_size_of_the_particles(tmp_path):
    particles = ParticleSet(star=tmp_path / "p.star", box_size=20, pixel_size=5, **PARTICLES)
    with pytest.raises(InputError, match="no such file"):
        require_mask(tmp_path / "no.mrc", particles)
    with pytest.raises(InputError, match=r"\(16, 16, 16\) voxels; expected a cube of 20"):
        require_mask(blob(tmp_path, 16, 5, 12).path, particles)
