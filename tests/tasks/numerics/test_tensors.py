import numpy as np
import pytest

from tasks.numerics.tensors import along, axes, eigenvalues, squared


@pytest.fixture
def matrices():
    random = np.random.default_rng(7)
    half = random.normal(size=(200, 3, 3))
    return (half + half.transpose(0, 2, 1)).astype(np.float64)


def field_of(matrices):
    return tuple(matrices[:, row, column] for row, column in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)))


def test_eigenvalues_are_those_of_the_matrices(matrices):
    found = np.stack(eigenvalues(field_of(matrices)), axis=-1)
    np.testing.assert_allclose(found, np.linalg.eigvalsh(matrices)[:, ::-1], atol=1e-6)


def test_axes_belong_to_their_eigenvalues(matrices):
    field = field_of(matrices)
    for value in eigenvalues(field):
        vectors = np.stack(axes(field, value), axis=-1)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-6)
        turned = np.einsum("nij,nj->ni", matrices, vectors)
        np.testing.assert_allclose(turned, vectors * value[:, None], atol=1e-4)
        np.testing.assert_allclose(along(field, axes(field, value)), value, atol=1e-4)


def test_squares_are_products(matrices):
    expected = field_of(np.einsum("nij,njk->nik", matrices, matrices))
    for found, product in zip(squared(field_of(matrices)), expected, strict=True):
        np.testing.assert_allclose(found, product, atol=1e-9)


def test_no_tensor_has_finite_values():
    nothing = tuple(np.zeros(3, np.float32) for _ in range(6))
    values = eigenvalues(nothing)
    assert all(np.array_equal(value, np.zeros(3)) for value in values)
    assert np.isfinite(np.stack(axes(nothing, values[0]))).all()
