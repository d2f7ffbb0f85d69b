import numpy as np

from tasks.motion_correction.polynomial import evaluate, steepest


def test_orders_coefficients_as_relion_does():
    coefficients = np.arange(36, dtype=float).reshape(2, 18)
    z, x, y = 2, 0.3, -0.2
    times = np.array([z, z**2, z**3])
    expected = sum(
        (coefficients[:, 3 * index : 3 * index + 3] @ times) * term
        for index, term in enumerate((1, x, x * x, y, y * y, x * y))
    )
    np.testing.assert_allclose(evaluate(coefficients, x, y, 3)[2], expected)


def test_is_zero_in_the_first_frame():
    assert not evaluate(np.ones((2, 18)), 0.5, 0.5, 4)[0].any()


def test_finds_the_steepest_place():
    coefficients = np.zeros((2, 18))
    coefficients[1, 3] = 2.0
    assert np.isclose(steepest(coefficients, 4), 2.0 * 3 * 0.1)
