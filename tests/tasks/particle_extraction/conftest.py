from pathlib import Path

import numpy as np
import pytest

from tasks.formats.coordinates import write_coordinates
from tasks.formats.mrc import write_mrc
from tasks.models import Ctf, Micrograph, Optics, Picks


@pytest.fixture
def ctf():
    return Ctf(
        defocus_u=15_300,
        defocus_v=14_900,
        defocus_angle=31.5,
        phase_shift=12,
        resolution=4.1,
        figure_of_merit=0.31,
        ice_ring=0,
        diagnostic=Path("ctf.png"),
        profile=Path("ctf.csv"),
        program="made",
    )


@pytest.fixture
def optics():
    return Optics(voltage=200, spherical_aberration=1.4, amplitude_contrast=0.07)


@pytest.fixture
def image():
    """Return noise about 100 with a ramp, and dark discs about (40, 50) and (90, 61)."""
    y, x = np.indices((120, 150))
    values = np.random.default_rng(7).normal(100, 5, (120, 150)) + 0.1 * x - 0.05 * y
    for column, row in ((40, 50), (90, 61)):
        values -= 10 * (np.hypot(x - column, y - row) < 8)
    return values.astype(np.float32)


@pytest.fixture
def picked(tmp_path):
    """Return a maker of picks at places of an image."""

    def made(image, places, name="micrograph", section=0, diameter=32.0):
        path, coordinates = tmp_path / f"{name}.mrc", tmp_path / f"{name}_autopick.star"
        write_mrc(path, image, 2.0, stack=True)
        places = np.array(places, float).reshape(-1, 2)
        write_coordinates(coordinates, places, np.arange(len(places), 0, -1.0))
        return Picks(
            micrograph=Micrograph(path=path, pixel_size=2.0, section=section),
            coordinates=coordinates,
            count=len(places),
            diameter=diameter,
            threshold=1,
            program="made",
        )

    return made
