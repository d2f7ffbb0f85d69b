import numpy as np
import pytest

from tasks.formats.mrc import write_mrc
from tasks.models import Micrograph
from tasks.simulation import SimulatedMovies, simulate_micrograph

SHAPE, PIXEL = (768, 768), 2.0


@pytest.fixture(scope="session")
def simulated():
    """Return an image of 440 kilodalton particles and where they are: (count, 2) x and y."""
    parameters = SimulatedMovies(seed=31, shape=SHAPE, pixel_size=PIXEL, particles=40)
    image, truth = simulate_micrograph(parameters)
    return image, np.array([(particle.x, particle.y) for particle in truth.particles])


@pytest.fixture(scope="session")
def empty_ice():
    image, _ = simulate_micrograph(SimulatedMovies(seed=32, shape=SHAPE, pixel_size=PIXEL, particles=0))
    return image


@pytest.fixture
def micrograph(tmp_path):
    """Return a maker of micrographs of images."""

    def made(image, name="micrograph", section=0):
        path = tmp_path / f"{name}.mrc"
        write_mrc(path, np.asarray(image, np.float32), PIXEL, stack=True)
        return Micrograph(path=path, pixel_size=PIXEL, section=section)

    return made
