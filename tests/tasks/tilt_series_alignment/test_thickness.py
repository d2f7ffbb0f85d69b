import numpy as np
import pytest

from tasks.tilt_series_alignment.geometry import Geometry
from tasks.tilt_series_alignment.preparation import Prepared
from tasks.tilt_series_alignment.thickness import thickness

SIZE = 128
GEOMETRY = Geometry(np.linspace(-54, 54, 19), 0.0, np.zeros((19, 2)))


def series(depth: float, noise: float, seed: int) -> Prepared:
    """Return images of points at random places in a slab of a depth in pixels."""
    random = np.random.default_rng(seed)
    x, y, z = random.uniform(-1, 1, (3, 6000)) * np.array([[180], [SIZE / 2], [depth / 2]])
    images = []
    for angle in np.radians(GEOMETRY.angles):
        seen = np.rint(x * np.cos(angle) + z * np.sin(angle)) + SIZE // 2
        inside = (seen >= 0) & (seen < SIZE)
        place = (np.rint(y[inside]).astype(int) % SIZE) * SIZE + seen[inside].astype(int)
        image = np.bincount(place, minlength=SIZE**2).reshape(SIZE, SIZE).astype(float)
        image = image / image.std() + random.normal(0, noise, image.shape)
        images.append((image - image.mean()) / image.std())
    signal = np.full(32, 1 / noise**2)
    return Prepared(np.array(images, np.float32), signal, (1.0, 1.0), (SIZE / 2, SIZE / 2))


@pytest.mark.parametrize("depth", [20, 50, 90])
def test_finds_the_thickness_of_a_slab(depth):
    assert thickness(series(depth, noise=1.5, seed=depth), GEOMETRY) == pytest.approx(depth, rel=0.1)


def test_says_nothing_of_images_that_have_nothing_in_common():
    random = np.random.default_rng(9)
    prepared = Prepared(random.normal(size=(19, SIZE, SIZE)).astype(np.float32), np.ones(32), (1.0, 1.0), (64.0, 64.0))
    assert thickness(prepared, GEOMETRY) is None


def test_says_nothing_where_there_is_no_signal():
    prepared = series(50, noise=1.5, seed=1)
    assert thickness(Prepared(prepared.images, np.zeros(32), (1.0, 1.0), (64.0, 64.0)), GEOMETRY) is None
