from pathlib import Path

import pytest

from tasks.models import Micrograph, Picks
from tasks.particle_picking import typical_diameter


def picks(count, diameter):
    micrograph = Micrograph(path=Path("a.mrc"), pixel_size=1)
    return Picks(
        micrograph=micrograph, coordinates=Path("a.star"), count=count, diameter=diameter, threshold=4, program="made"
    )


def test_micrographs_count_by_their_particles():
    assert typical_diameter([picks(3, 300), picks(200, 120), picks(180, 130), picks(0, 80)]) == pytest.approx(120)


def test_too_few_particles_tell_no_diameter():
    assert typical_diameter([picks(3, 300)], fewest=100) is None
    assert typical_diameter([picks(0, 300)]) is None
    assert typical_diameter([]) is None
