import numpy as np
import pytest

from tasks.errors import InputError
from tasks.symmetry_search.agreement import agreement, operations


@pytest.mark.parametrize(
    ("group", "count"), [("C2", 2), ("C12", 12), ("D3", 6), ("T", 12), ("O", 24), ("I", 60), ("I2", 60)]
)
def test_counts_the_rotations_of_a_group(group, count):
    assert operations(group) == count


def test_groups_with_mirrors_are_refused():
    with pytest.raises(InputError, match="TD"):
        operations("TD")


@pytest.mark.parametrize(("shared", "expected"), [(1.0, 1.0), (0.0, 0.0), (0.5, 0.5)])
def test_the_correlation_of_copies_is_found(shared, expected):
    random = np.random.default_rng(92)
    common = random.standard_normal((48, 48, 48))
    copies = [np.sqrt(shared) * common + np.sqrt(1 - shared) * random.standard_normal((48, 48, 48)) for _ in range(4)]
    signal = np.ones(25)
    signal[:5] = 0
    assert agreement(copies[0], np.mean(copies, axis=0), "C4", signal) == pytest.approx(expected, abs=0.03)
