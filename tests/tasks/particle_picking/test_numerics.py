"""The numerics on an array library that allows the standard only."""

import array_api_strict
import numpy as np
import pytest

from tasks.particle_picking.filters import blur_within, noise_of, spread
from tasks.particle_picking.preparation import prepare, reduce
from tasks.particle_picking.profile import disc, drawn, learn, resemblance
from tasks.particle_picking.search import Search, search


def discs(seed=1, side=256, radius=12, height=1.5):
    """Return dark discs in white noise of deviation 1, and their centres as x and y."""
    centres = np.array([(x, y) for x in range(40, side - 30, 45) for y in range(35, side - 30, 50)])
    y, x = np.indices((side, side))
    image = np.random.default_rng(seed).standard_normal((side, side)).astype(np.float32)
    for column, row in centres:
        image -= height * (np.hypot(x - column, y - row) < radius)
    return image.astype(np.float32), centres


@pytest.mark.parametrize("namespace", [np, array_api_strict])
def test_white_noise_is_measured_beside_particles(namespace):
    image, _ = discs()
    assert noise_of(namespace.asarray(image)) == pytest.approx(1, abs=0.1)
    assert spread(namespace.asarray(image)) == pytest.approx(1, abs=0.35)


@pytest.mark.parametrize("namespace", [np, array_api_strict])
def test_a_mean_counts_only_what_has_weight(namespace):
    image = np.where(np.arange(64) < 32, 1.0, 100.0).astype(np.float32)[None] * np.ones((64, 1), np.float32)
    weights = (image < 50).astype(np.float32)
    found = np.asarray(blur_within(namespace.asarray(image), namespace.asarray(weights), 4))
    assert found[32, 30:36] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("namespace", [np, array_api_strict])
def test_finds_discs_where_they_are(namespace):
    image, centres = discs()
    reduced = reduce(namespace.asarray(image), 5.0, (120.0, 120.0), contrast=10.0)
    prepared = prepare(reduced, 120.0, dark=True)
    found = search(prepared, Search(24 / prepared.scale[0], 16 / prepared.scale[0], 8 / prepared.scale[0]))
    places = found.particles.places * np.array(prepared.scale)
    assert len(places) == len(centres)
    distances = np.hypot(*(places[:, None] - centres).T)
    assert distances.min(axis=0).max() < 3


@pytest.mark.parametrize("namespace", [np, array_api_strict])
def test_scores_of_noise_are_in_its_standard_deviations(namespace):
    image = np.random.default_rng(5).standard_normal((256, 256)).astype(np.float32)
    prepared = prepare(reduce(namespace.asarray(image), 5.0, (120.0, 120.0), contrast=10.0), 120.0, dark=True)
    assert resemblance(prepared, disc(12 / prepared.scale[0])).std() == pytest.approx(1, abs=0.15)


def test_learns_the_profile_of_discs():
    image, centres = discs()
    prepared = prepare(reduce(image, 5.0, (120.0, 120.0), contrast=10.0), 120.0, dark=True)
    learnt = learn(prepared, centres / np.array(prepared.scale), 12.0)
    inside, outside = learnt.mean[learnt.radii < 6], learnt.mean[(learnt.radii > 9.5)]
    assert inside.min() > outside.max() + 0.5 * (inside.mean() - outside.mean())


def test_a_drawn_profile_has_a_mean_of_zero_and_wraps_around():
    image = drawn(disc(5.0), (40, 50))
    assert image.sum() == pytest.approx(0, abs=1e-4)
    assert image[0, 0] == image[4, 0] == image[-4, 0] == image[0, -4] > 0 > image[6, 0]
