import numpy as np
import pytest

from tasks.ctf_estimation import EmbeddedCtf, defocus_gradient
from tasks.models import Optics, TiltGeometry

DEFOCUS = 25000.0


def tilted(rings, slope, axis, *, seed):
    """Return an image whose defocus grows by a slope (angstrom for each angstrom) across an axis (degree)."""
    size, pixel_size = 512, 4.0
    place = (np.arange(size) - size // 2) * pixel_size
    across = place[None, :] * np.cos(np.radians(axis)) + place[:, None] * np.sin(np.radians(axis))
    added = slope * across
    levels = np.linspace(added.min(), added.max() + 1, 13)
    nearest = np.rint((added - levels[0]) / (levels[1] - levels[0]))
    image = np.zeros((size, size), np.float32)
    for number, level in enumerate(levels):
        defoci = (DEFOCUS + 300 + level, DEFOCUS - 300 + level)
        image += np.where(nearest == number, rings(size, pixel_size, defoci, 20, seed=seed, strength=1.5), 0)
    return image


@pytest.mark.parametrize(("hand", "angle", "axis"), [(1, 40.0, 85.0), (-1, 40.0, 10.0), (1, -40.0, 10.0)])
def test_tells_the_hand_whatever_hand_the_ctf_was_found_with(rings, save, tmp_path, hand, angle, axis):  # noqa: PLR0917
    # Height is -tan(angle) times the distance from the axis, and adds to the defocus with the sign of the hand.
    image = save(tilted(rings, -hand * np.tan(np.radians(angle)), axis, seed=811), 4.0)
    lying = TiltGeometry(angle=angle, axis_angle=axis)
    ctf = EmbeddedCtf(handedness=1).estimate(image, Optics(), tmp_path, lying)
    found = defocus_gradient(image, Optics(), ctf, lying)
    assert found.slope == pytest.approx(hand, abs=0.3)
    assert found.for_hand * hand > 20


def test_says_nothing_of_the_hand_where_the_defocus_is_the_same_everywhere(rings, save, tmp_path):
    image = save(tilted(rings, 0.0, 85.0, seed=812), 4.0)
    ctf = EmbeddedCtf().estimate(image, Optics(), tmp_path)
    found = defocus_gradient(image, Optics(), ctf, TiltGeometry(angle=40.0, axis_angle=85.0))
    assert abs(found.slope) < 0.3
