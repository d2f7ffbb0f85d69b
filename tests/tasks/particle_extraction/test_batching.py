import pandas as pd
import pytest

from tasks.formats.star import read_table, write_star
from tasks.models import ParticleSet
from tasks.particle_extraction.batching import cut_particles


@pytest.fixture
def particles(tmp_path) -> ParticleSet:
    star = tmp_path / "particles.star"
    names = [f"{number:06d}@stack.mrcs" for number in range(1, 26)]
    tables = {"optics": pd.DataFrame({"rlnOpticsGroup": [1]}), "particles": pd.DataFrame({"rlnImageName": names})}
    write_star(star, tables)
    return ParticleSet(star=star, count=25, box_size=32, pixel_size=4, diameter=80)


def test_batches_are_of_like_size_and_hold_each_particle_once(particles, tmp_path):
    batches = cut_particles(particles, 10, tmp_path / "batches").batches
    assert [batch.count for batch in batches] == [8, 8, 9]
    found = [name for batch in batches for name in read_table(batch.star, "particles")["rlnImageName"]]
    assert found == list(read_table(particles.star, "particles")["rlnImageName"])


def test_what_fits_one_batch_is_left_as_it_is(particles, tmp_path):
    assert cut_particles(particles, 25, tmp_path / "batches").batches == (particles,)
    assert not (tmp_path / "batches").exists()
