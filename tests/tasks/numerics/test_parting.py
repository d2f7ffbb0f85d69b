import numpy as np

from tasks.numerics.parting import otsu


def test_finds_the_value_between_two_groups():
    random = np.random.default_rng(62)
    values = np.concatenate([random.normal(0, 1, 5000), random.normal(10, 1, 500)]).astype(np.float32)
    assert 3 < otsu(values) < 7
