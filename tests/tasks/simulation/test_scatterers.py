import numpy as np
import pytest
from scipy.ndimage import center_of_mass
from scipy.spatial.transform import Rotation

from tasks.models import TiltAlignment
from tasks.numerics.fourier import irfft2
from tasks.simulation.grid import Grid
from tasks.simulation.particle import POTENTIAL_PER_KILODALTON, protein
from tasks.simulation.scatterers import Scatterers, joined, projection
from tasks.simulation.volume import density

GRID = Grid((96, 120), 5.0, 16)
POINT = np.array([[70.0, -45.0, 60.0]], np.float32)


def view(angle, axis_angle=0.0, displacement=(0.0, 0.0)):
    return TiltAlignment(name="view", angle=angle, axis_angle=axis_angle, displacement=displacement)


def seen(groups, alignment):
    return GRID.cut(irfft2(projection(groups, alignment, GRID), GRID.padded))


@pytest.mark.parametrize("angle", [-60, -20, 0, 35, 60])
@pytest.mark.parametrize("axis_angle", [0.0, 85.0])
def test_a_point_is_seen_where_the_geometry_says(angle, axis_angle):
    image = seen([Scatterers(POINT, np.ones(1, np.float32), 12.0)], view(angle, axis_angle, (12.0, -31.0)))
    # The same by rotation matrices: about y by the tilt, about z by the direction of the axis.
    turned = Rotation.from_euler("z", axis_angle, degrees=True) * Rotation.from_euler("y", angle, degrees=True)
    x, y, _ = turned.apply(POINT[0]) + np.array([12.0, -31.0, 0.0])
    row, column = center_of_mass(image)
    assert row == pytest.approx(48 + y / 5, abs=0.02)
    assert column == pytest.approx(60 + x / 5, abs=0.02)


def test_all_of_the_potential_is_seen():
    image = seen([protein(440)], view(40, 85))
    assert image.sum() * 5**2 == pytest.approx(440 * POTENTIAL_PER_KILODALTON, rel=1e-3)


def test_a_turned_protein_looks_different():
    turned = protein(440).copies(Rotation.from_euler("y", [90], degrees=True), np.zeros((1, 3), np.float32))
    first, second = seen([protein(440)], view(0)), seen([turned], view(0))
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] < 0.9
    # Tilting the view by 90 degree is the same as turning the protein.
    assert np.allclose(seen([protein(440)], view(90)), second, atol=1e-3 * second.max())


def test_joined_groups_project_as_before():
    groups = [Scatterers(POINT * n, np.full(1, n, np.float32), width) for n, width in ((1, 5.0), (-1, 9.0), (0.5, 5.0))]
    assert len(joined(groups)) == 2
    assert np.allclose(seen(joined(groups), view(30)), seen(groups, view(30)), atol=1e-6)


def test_the_volume_has_the_point_where_the_views_have_it():
    volume = density([Scatterers(POINT, np.ones(1, np.float32), 12.0)], (48, 96, 120), 5.0)
    assert center_of_mass(volume) == pytest.approx((24 + 60 / 5, 48 - 45 / 5, 60 + 70 / 5), abs=0.02)
    assert volume.sum() * 5**3 == pytest.approx(1, rel=1e-3)


def test_the_sum_of_the_volume_along_z_is_the_untilted_view():
    one = protein(440)
    volume = density([one], (48, 96, 120), 5.0)
    image = seen([one], view(0))
    assert np.allclose(volume.sum(axis=0) * 5, image, atol=0.01 * image.max())
