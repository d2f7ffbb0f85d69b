import numpy as np
import pytest

from tasks.tilt_series_alignment.bundle import Bundle, Free
from tasks.tilt_series_alignment.correlation_maps import CorrelationMaps
from tasks.tilt_series_alignment.geometry import Geometry
from tasks.tilt_series_alignment.patches import PatchGrid, PatchPairs
from tasks.tilt_series_alignment.weighting import PairWeights, Spectrum


def hills(places: np.ndarray, pairs: np.ndarray, window: int) -> np.ndarray:
    """Return correlations that peak where patches at some places (patches, tilts, 2) would make them."""
    apart = places[:, pairs[:, 0]] - places[:, pairs[:, 1]]
    y, x = np.meshgrid(np.arange(-window, window + 1), np.arange(-window, window + 1), indexing="ij")
    distance = (x - apart[..., :1, None]) ** 2 + (y - apart[..., 1:, None]) ** 2
    return np.exp(-distance / 18).astype(np.float32)


@pytest.fixture
def problem():
    random = np.random.default_rng(4)
    geometry = Geometry(np.linspace(-50, 50, 9), 85.0, np.zeros((9, 2)))
    grid = PatchGrid.over(128, 32)
    heights = random.normal(0, 5, len(grid.centres))
    shifts = random.normal(0, 1, (9, 2))
    weights = PairWeights(Spectrum(np.full(20, 2.0), geometry.cosines, 32), geometry.tangents, 3, 10.0)
    seen = np.ones((len(heights), 9), bool)

    def patches(places: np.ndarray) -> PatchPairs:
        offsets = np.rint(heights[:, None] * geometry.tangents)
        places[..., 0] -= offsets
        return PatchPairs(grid, geometry, weights, hills(places, weights.pairs, 8), offsets, seen, heights)

    x, y = grid.centres[:, :1], grid.centres[:, 1:]
    turning = np.stack([y * (1 - 1 / geometry.cosines), x * (geometry.cosines - 1)], axis=-1)
    return geometry, heights, shifts, turning, patches


def test_finds_shifts_heights_and_axis(problem):
    geometry, heights, shifts, turning, patches = problem
    places = shifts[None] + 0.005 * turning
    places[..., 0] += heights[:, None] * geometry.tangents
    bundle = Bundle(patches(places))
    found = bundle.fit(bundle.start(np.zeros_like(heights)), Free(), np.ones(len(heights), bool))
    assert found.turn == pytest.approx(0.005, abs=5e-4)
    assert bundle.places(found)[:, 1:] - bundle.places(found)[:, :1] == pytest.approx(
        (places[:, 1:] - places[:, :1]), abs=0.15
    )


def test_keeps_what_is_not_free(problem):
    geometry, heights, shifts, _, patches = problem
    places = np.repeat(shifts[None], len(heights), axis=0)
    places[..., 0] += heights[:, None] * geometry.tangents
    bundle = Bundle(patches(places))
    found = bundle.fit(bundle.start(heights), Free(shifts=False, turn=False), np.ones(len(heights), bool))
    assert not found.shifts.any()
    assert found.turn == 0


def test_correlations_have_the_slope_of_their_values():
    random = np.random.default_rng(5)
    maps = CorrelationMaps(random.normal(size=(2, 3, 13, 13)).astype(np.float32))
    shifts = random.uniform(-4, 4, (2, 3, 2))
    values, slopes = maps.at(shifts)
    for axis in (0, 1):
        step = np.eye(2)[axis] * 1e-2
        numeric = (maps.at(shifts + step)[0] - maps.at(shifts - step)[0]) / 2e-2
        assert slopes[..., axis] == pytest.approx(numeric, abs=0.02)
    assert np.isfinite(values).all()


def test_correlations_are_those_of_the_pixels():
    values = np.random.default_rng(6).normal(size=(1, 9, 9)).astype(np.float32)
    assert CorrelationMaps(values).at(np.array([[2.0, -1.0]]))[0] == pytest.approx([values[0, 3, 6]], abs=1e-5)
