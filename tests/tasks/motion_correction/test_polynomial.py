import numpy as np

from tasks.motion_correction.polynomial import evaluate, project


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


def test_projects_courses_that_the_model_can_follow_exactly():
    coefficients = np.random.default_rng(1).standard_normal((2, 18))
    times = np.arange(9)[:, None] ** np.array([1, 2, 3])
    courses = np.einsum("zp,csp->zcs", times, coefficients.reshape(2, 6, 3))
    np.testing.assert_allclose(project(courses), coefficients, atol=1e-6)
    np.testing.assert_allclose(project(courses + 7.0), coefficients, atol=1e-6)


def test_projects_few_frames():
    assert np.isfinite(project(np.ones((2, 2, 6)))).all()
