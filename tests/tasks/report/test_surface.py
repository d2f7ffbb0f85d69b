import numpy as np
import pytest

from tasks.report.surface import parting


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_particle_is_parted_from_the_noise_around_it(share):
    generator = np.random.default_rng(5)
    particle = generator.random(20_000) < share
    density = np.where(particle, 1.0, 0.0) + generator.normal(0, 0.15, particle.size)
    above = density.astype(np.float32) > parting(density.astype(np.float32))
    assert (above == particle).mean() > 0.99


def test_one_density_throughout_is_not_above_itself():
    assert parting(np.full(100, 2.0, np.float32)) == pytest.approx(2, abs=0.51)
