import pandas as pd
import pytest

from tasks.b_factor import subset_sizes
from tasks.b_factor.subsets import draw_subset
from tasks.errors import InputError
from tasks.formats.star import read_star, read_table, write_star
from tasks.models import ParticleSet


@pytest.fixture
def particles(tmp_path):
    table = pd.DataFrame({"rlnImageName": [f"{n:06d}@a.mrcs" for n in range(1, 101)], "rlnRandomSubset": [1, 2] * 50})
    optics = pd.DataFrame({"rlnOpticsGroup": [1], "rlnVoltage": [200.0]})
    write_star(tmp_path / "all.star", {"optics": optics, "particles": table})
    return ParticleSet(star=tmp_path / "all.star", count=100, box_size=32, pixel_size=2, diameter=50)


def test_sizes_double_below_the_number_of_particles():
    assert subset_sizes(50_000) == [2000, 4000, 8000, 16000, 32000]
    assert subset_sizes(4000) == [2000]
    assert subset_sizes(2000) == []


def test_draws_distinct_particles_and_keeps_the_optics(particles, tmp_path):
    drawn = draw_subset(particles, 30, 5, tmp_path / "subset")
    table = read_table(drawn.star, "particles")
    assert drawn.count == len(table) == table["rlnImageName"].nunique() == 30
    assert "rlnRandomSubset" not in table
    assert read_star(drawn.star)["optics"]["rlnVoltage"].tolist() == [200.0]


def test_the_same_seed_draws_the_same_particles(particles, tmp_path):
    names = [
        read_table(draw_subset(particles, 30, seed, tmp_path / str(n)).star, "particles")["rlnImageName"].tolist()
        for n, seed in enumerate((5, 5, 6))
    ]
    assert names[0] == names[1] != names[2]


def test_more_than_all_cannot_be_drawn(particles, tmp_path):
    with pytest.raises(InputError, match="1 to 100 particles"):
        draw_subset(particles, 101, 5, tmp_path)
