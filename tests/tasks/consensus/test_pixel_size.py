import numpy as np
import pytest

from tasks.consensus.pixel_size import estimate_pixel_size, find_rings

FREQUENCY = np.arange(0, 0.5, 0.001)


def spectrum(rings, *, seed, noise=0.005):
    """The mean of many spectra, in which Thon rings are faint, with sharp rings of (spacing, height)."""
    power = np.exp(-6 * FREQUENCY) * (1 + 0.01 * np.sin(600 * FREQUENCY**2)) + 0.2
    for spacing, height in rings:
        power *= 1 + height * np.exp(-0.5 * ((FREQUENCY - 1 / spacing) / 0.0015) ** 2)
    return power * np.random.default_rng(seed).normal(1, noise, len(FREQUENCY))


@pytest.mark.parametrize(("spacing", "crystal"), [(3.67, "ice"), (2.355, "gold")])
@pytest.mark.parametrize("scale", [0.975, 1.0, 1.03])
def test_a_ring_tells_the_pixel_size(spacing, crystal, scale):
    # Pixels that are larger than assumed show the ring at a higher frequency than it has.
    (ring,) = find_rings(FREQUENCY, spectrum([(spacing / scale, 0.4)], seed=861))
    assert ring.crystal == crystal
    found = estimate_pixel_size(1.0, [1.0], [ring], 5)
    assert found.value == pytest.approx(scale, abs=0.004)
    assert found.agrees is (abs(scale - 1) < 0.02)


def test_without_rings_the_headers_count():
    assert find_rings(FREQUENCY, spectrum([], seed=862)) == []
    assert estimate_pixel_size(1.06, [1.06, 1.06, 1.06], [], 3).agrees is True
    found = estimate_pixel_size(1.06, [2.12, 2.12], [], 3)
    assert (found.value, found.agrees) == (2.12, False)


def test_without_anything_it_cannot_be_told():
    found = estimate_pixel_size(1.06, [], [], 3)
    assert (found.value, found.confidence, found.agrees) == (None, 0, None)
