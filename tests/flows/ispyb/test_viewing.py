import numpy as np
import pandas as pd
import pytest
from PIL import Image

from flows.ispyb.viewing import Viewing, viewing_of_classes, viewing_of_refinement
from tasks.formats.star import write_star
from tasks.models import ParticleSet
from tasks.models.maps import Class3D, Classes3D, Map, Refinement

PARTICLES = 4000


@pytest.fixture
def particles(tmp_path):
    """Half of the particles are in class 1 and seen from everywhere, half in class 2 and seen from the top."""
    random = np.random.default_rng(12)
    classes = np.repeat([1, 2], PARTICLES // 2)
    even = np.degrees(np.arccos(random.uniform(-1, 1, PARTICLES)))
    table = {
        "rlnAngleRot": random.uniform(-180, 180, PARTICLES),
        "rlnAngleTilt": np.where(classes == 1, even, np.abs(random.normal(0, 8, PARTICLES))),
        "rlnClassNumber": classes,
    }
    star = tmp_path / "run_it025_data.star"
    write_star(star, {"optics": pd.DataFrame({"rlnOpticsGroup": [1]}), "particles": pd.DataFrame(table)})
    return ParticleSet(star=star, count=PARTICLES, box_size=64, pixel_size=3, diameter=150)


def density(particles, name):
    return Map(path=particles.star.with_name(name), pixel_size=3, box_size=64)


@pytest.fixture
def classes(particles):
    found = tuple(
        Class3D(
            number=number,
            particles=count,
            fraction=count / PARTICLES,
            map=density(particles, f"run_it025_class00{number}.mrc"),
        )
        for number, count in ((1, PARTICLES // 2), (2, PARTICLES // 2), (3, 0))
    )
    star = particles.star
    return Classes3D(
        particles=particles, model=star, optimiser=star, classes=found, best=1, why="most", program="RELION"
    )


def test_each_class_says_from_where_its_particles_are_seen(classes, particles):
    found = viewing_of_classes(classes)
    assert found[1].efficiency > 0.9
    assert found[1].suggested_tilt == 0
    assert found[2].efficiency < 0.4
    assert found[2].suggested_tilt == 30
    assert found[1].picture == particles.star.with_name("run_it025_class001_angdist.jpeg")
    with Image.open(found[2].picture) as picture:
        assert picture.format == "JPEG"
        top, middle = (np.asarray(picture)[row, picture.width // 2 + 20].astype(int) for row in (52, 240))
    assert top[1] > 100, "seen from the top"
    assert middle[0] < 80, "never seen from the side"


def test_of_a_class_without_particles_nothing_is_told(classes, particles):
    assert viewing_of_classes(classes)[3] == Viewing()
    assert not particles.star.with_name("run_it025_class003_angdist.jpeg").exists()


def test_without_the_particles_nothing_is_told(classes, particles):
    particles.star.unlink()
    assert viewing_of_classes(classes) == {number: Viewing() for number in (1, 2, 3)}


def test_a_refined_density_is_pictured_beside_the_one_that_is_shown(particles, tmp_path):
    star = particles.star
    table = pd.DataFrame({"rlnAngleRot": [10.0, 20.0], "rlnAngleTilt": [80.0, 100.0]})
    write_star(star, {"optics": pd.DataFrame({"rlnOpticsGroup": [1]}), "particles": table})
    refinement = Refinement(
        particles=particles, map=density(particles, "run.mrc"), model=star, optimiser=star, iterations=3, program="x"
    )
    found = viewing_of_refinement(refinement, tmp_path / "post" / "postprocess_masked.mrc")
    assert found.picture == tmp_path / "post" / "postprocess_masked_angdist.jpeg"
    assert found.picture.is_file()
    assert found.suggested_tilt == 30
