import numpy as np
import pytest

from tasks.errors import FormatError
from tasks.formats.mrc import write_mrc
from tasks.images.picks import picture_picks
from tasks.models import Micrograph

PLACES = np.array([[40.0, 30.0], [150.0, 90.0], [100.0, 60.0]])


@pytest.fixture
def micrograph(tmp_path):
    """A noisy image with a dark disc of radius 8 about each place."""
    image = np.random.default_rng(7).normal(0, 1, (120, 200)).astype(np.float32)
    y, x = np.indices(image.shape)
    for across, up in PLACES:
        image[np.hypot(x - across, y - up) < 8] -= 8
    write_mrc(tmp_path / "image.mrc", image, 2.0)
    return Micrograph(path=tmp_path / "image.mrc", pixel_size=2.0)


def is_green(pixels):
    return (pixels[..., 1] > 200) & (pixels[..., 0] < 160)


def is_orange(pixels):
    return (pixels[..., 0] > 200) & (pixels[..., 2] < 100) & (pixels[..., 1] > 100)


def middles(marks, near, reach):
    """Return the middle of the marks near a place, left to right and top to bottom."""
    down, across = np.nonzero(marks)
    mine = np.hypot(across - near[0], down - near[1]) < reach
    return across[mine].mean(), down[mine].mean()


@pytest.mark.parametrize("side", [200, 100])
def test_circles_lie_about_the_particles_that_are_seen(micrograph, side):
    picture = picture_picks(micrograph, PLACES, 32.0, side=side)
    scale = side / 200
    assert picture.size == (side, 120 * side // 200)
    pixels = np.asarray(picture).astype(int)
    for x, y in PLACES:
        place = (x + 0.5) * scale - 0.5, (120 - y - 0.5) * scale - 0.5
        assert middles(is_green(pixels), place, 12 * scale) == pytest.approx(place, abs=0.8)
        disc = pixels[round(place[1]) - 2 : round(place[1]) + 3, round(place[0]) - 2 : round(place[0]) + 3]
        assert disc.mean() < 60, "dark in the middle"


def test_particles_that_are_kept_are_green_and_others_are_not(micrograph):
    pixels = np.asarray(picture_picks(micrograph, PLACES, 32.0, np.array([True, False, False]), side=200)).astype(int)
    place = 40, 89
    assert middles(is_green(pixels), place, 300) == pytest.approx(place, abs=0.8)
    assert is_orange(pixels)[:, 80:].sum() > 100
    assert not is_orange(pixels)[:, :60].any()


def test_a_micrograph_without_particles_is_pictured(micrograph):
    pixels = np.asarray(picture_picks(micrograph, np.empty((0, 2)), 32.0, side=200)).astype(int)
    assert not is_green(pixels).any()
    assert pixels.std() > 20


def test_a_broken_micrograph_is_refused(micrograph):
    micrograph.path.write_bytes(b"nothing")
    with pytest.raises(FormatError, match="7 bytes"):
        picture_picks(micrograph, PLACES, 32.0)
