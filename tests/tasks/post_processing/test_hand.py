import numpy as np
import pandas as pd
import pytest
import scipy.ndimage
from scipy.spatial.transform import Rotation

from tasks.formats.star import read_table, write_star
from tasks.models import ParticleSet
from tasks.post_processing.hand import inverted, mirrored_particles


@pytest.fixture(scope="module")
def volume():
    """Some balls without symmetry."""
    random = np.random.default_rng(4)
    z, y, x = np.indices((32, 32, 32)) - 16
    balls = (np.exp(-((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) / 6) for a, b, c in random.uniform(-7, 7, (5, 3)))
    return sum(balls).astype(np.float32)


def projection(volume, rot: float, tilt: float, psi: float):
    """Project a density, turned by the inverse of Rz(rot) Ry(tilt) Rz(psi), along z."""
    turn = Rotation.from_euler("ZYZ", [rot, tilt, psi], degrees=True).as_matrix()[::-1, ::-1]
    centre = np.full(3, 16)
    return scipy.ndimage.affine_transform(volume, turn, centre - turn @ centre, order=3).sum(axis=0)


def test_the_centre_stays_where_it_is(volume):
    assert np.array_equal(inverted(inverted(volume)), volume)
    assert inverted(volume)[16, 16, 16] == volume[16, 16, 16]
    assert inverted(volume)[17, 14, 20] == volume[15, 18, 12]


@pytest.mark.parametrize("angles", [(20, 50, -70), (-110, 130, 160)])
def test_images_show_the_other_hand_after_half_a_turn(volume, angles, tmp_path):
    star = tmp_path / "refined.star"
    table = pd.DataFrame({"rlnImageName": ["1@a.mrcs"], "rlnAnglePsi": [float(angles[2])], "rlnAngleRot": [angles[0]]})
    write_star(star, {"optics": pd.DataFrame({"rlnOpticsGroup": [1]}), "particles": table})
    particles = ParticleSet(star=star, count=1, box_size=32, pixel_size=1, diameter=20)
    turned = read_table(mirrored_particles(particles, tmp_path / "mirrored.star").star, "particles")
    psi = float(turned["rlnAnglePsi"][0])
    assert -180 <= psi <= 180
    image = projection(volume, *angles)
    other = projection(inverted(volume), angles[0], angles[1], psi)
    assert np.corrcoef(image.ravel(), other.ravel())[0, 1] > 0.999
    same = projection(inverted(volume), *angles)
    assert np.corrcoef(image.ravel(), same.ravel())[0, 1] < 0.9
