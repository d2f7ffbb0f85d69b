import numpy as np
import pytest

from tasks.b_factor import EmbeddedBFactor
from tasks.errors import InputError, ResultError
from tasks.models.resolution import ResolutionPoint


def points(b_factor, error=0.0, seed=71, sizes=(2000, 4000, 8000, 16000, 32000, 64000)):
    random = np.random.default_rng(seed)
    squared = 0.02 + 2 / b_factor * np.log(sizes) + random.normal(0, error, len(sizes))
    return tuple(ResolutionPoint(particles=n, resolution=s**-0.5) for n, s in zip(sizes, squared, strict=True))


def test_finds_the_b_factor_of_exact_points():
    fit = EmbeddedBFactor().fit(points(120.0), 0.8)
    assert fit.b_factor == pytest.approx(120)
    assert fit.confidence == pytest.approx((120, 120))
    assert fit.resolution(8000) == pytest.approx(points(120.0)[2].resolution)


def test_the_truth_lies_within_the_interval_as_often_as_it_says():
    fits = [EmbeddedBFactor().fit(points(100.0, 0.004, seed), 0.5) for seed in range(200)]
    within = [fit.confidence[0] < 100 < fit.confidence[1] for fit in fits if fit.confidence]
    assert len(within) > 190
    assert 0.91 < np.mean(within) < 0.99


def test_refinements_that_the_pixels_limit_are_left_out():
    limited = (*points(120.0)[:5], ResolutionPoint(particles=64000, resolution=2.05))
    fit = EmbeddedBFactor().fit(limited, 1.0)
    assert fit.left_out == limited[5:]
    assert fit.b_factor == pytest.approx(120)
    assert len(fit.points) == 6


def test_too_few_points_are_refused():
    with pytest.raises(InputError, match="2 refinements"):
        EmbeddedBFactor().fit(points(120.0)[:2], 0.8)


def test_resolution_that_does_not_grow_is_a_failure():
    worse = tuple(ResolutionPoint(particles=n, resolution=n / 1000) for n in (3000, 4000, 5000))
    with pytest.raises(ResultError, match="does not grow"):
        EmbeddedBFactor().fit(worse, 0.8)


def test_points_that_do_not_bound_the_b_factor_have_no_interval():
    fit = EmbeddedBFactor().fit(points(2000.0, 0.004, seed=3), 0.3)
    assert fit.confidence is None
