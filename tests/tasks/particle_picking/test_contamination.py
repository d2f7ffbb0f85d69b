import numpy as np
import pytest

from tasks.particle_picking.contamination import usable

DOSE = 40 * 5.0**2
"""Electrons in a pixel of 5 angstrom."""


def image(light, seed=1):
    return np.random.default_rng(seed).poisson(DOSE * light).astype(np.float32)


def allowed(light):
    return usable(image(light), 5.0, DOSE, 120.0, 0.035)


def test_all_of_even_ice_is_usable():
    assert allowed(np.ones((200, 220))).all()


def test_ice_that_grows_thicker_is_usable():
    y, x = np.indices((200, 220)) / 200
    assert allowed(1 - 0.08 * x + 0.03 * y - 0.03 * x * y).mean() > 0.98


def test_a_particle_of_protein_is_usable():
    y, x = np.indices((200, 220))
    assert allowed(1 - 0.03 * (np.hypot(x - 100, y - 90) < 12)).all()


@pytest.mark.parametrize("light", [0.8, 1.2])
def test_dark_and_bright_foreign_matter_and_its_rim_are_not_usable(light):
    y, x = np.indices((200, 220))
    found = allowed(np.where(np.hypot(x - 100, y - 90) < 25, light, 1.0))
    assert not found[90, 100]
    assert not found[90, 100 + 27]
    assert found[90, 160]
    assert found.mean() > 0.8


def test_carbon_over_a_third_is_not_usable():
    found = allowed(np.where(np.arange(220) < 70, 0.85, 1.0) * np.ones((200, 1)))
    assert not found[:, :70].any()
    assert found[:, 90:].all()
