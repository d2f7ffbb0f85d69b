import numpy as np
import pytest

from tasks.formats.mrc import write_mrc
from tasks.images.alignments import SIDE, picture_alignment
from tasks.models import Micrograph, TiltAlignment


@pytest.fixture
def reference(tmp_path):
    """A flat image of 400 x 200 pixels of 5 angstrom with a bright corner, right and high."""
    image = np.random.default_rng(2).normal(0, 0.01, (200, 400)).astype(np.float32)
    image[160:, 360:] += 5
    write_mrc(tmp_path / "tilt.mrc", image, 5.0)
    return Micrograph(path=tmp_path / "tilt.mrc", pixel_size=5.0)


def tilt(name, displacement, axis=0.0):
    return TiltAlignment(name=name, angle=3.0, axis_angle=axis, displacement=displacement)


def is_red(pixels):
    return (pixels[..., 0] == 255) & (pixels[..., 1] == 80) & (pixels[..., 2] == 50)


def is_blue(pixels):
    return (pixels[..., 0] == 70) & (pixels[..., 1] == 200) & (pixels[..., 2] == 255)


def test_an_image_lies_where_its_displacement_puts_it(reference):
    tilts = [tilt("a", (0, 0)), tilt("b", (-500.0, 200.0))]
    pixels = np.asarray(picture_alignment(reference, tilts, "a")).astype(int)
    down, across = np.nonzero(is_red(pixels))
    # The sheet shows 2000 + 500 by 1000 + 200 angstrom: the other image is moved to the right and down.
    scale = (SIDE - 28) / 2500
    assert (across.min(), down.min()) == pytest.approx((500 * scale, 200 * scale), abs=2)
    down, across = np.nonzero(is_blue(pixels))
    assert (across.min(), down.min()) == pytest.approx((0, 0), abs=3)
    assert (across.max(), down.max()) == pytest.approx((2000 * scale, 1000 * scale), abs=3)


def test_the_image_stands_upright_within_its_outline(reference):
    pixels = np.asarray(picture_alignment(reference, [tilt("a", (0, 0))], "a")).astype(int)
    scale = (SIDE - 28) / 2000
    assert pixels[20 : int(180 * scale), int(1830 * scale) : int(1980 * scale)].min() > 250
    assert pixels[int(500 * scale) : int(900 * scale), int(1100 * scale) : int(1900 * scale)].max() < 100


def test_an_image_is_turned_as_its_tilt_axis(reference):
    tilts = [tilt("a", (0, 0), 80.0), tilt("b", (0.1, 0), 90.0)]
    pixels = np.asarray(picture_alignment(reference, tilts, "a"))
    down, across = np.nonzero(is_red(pixels.astype(int)))
    # Turned clockwise by 10 degree: the upper left corner comes up, the upper right one goes down.
    left, right = across < 200, across > 800
    assert down[left].min() < down[right].min() - 60


def test_the_outlines_of_images_that_are_far_off_do_not_make_the_others_small(reference):
    tilts = [tilt("a", (0, 0)), tilt("b", (-50_000.0, 0.0))]
    picture = picture_alignment(reference, tilts, "a")
    assert picture.width <= SIDE
    across = np.nonzero(is_blue(np.asarray(picture).astype(int)))[1]
    assert across.max() - across.min() > SIDE / 2
