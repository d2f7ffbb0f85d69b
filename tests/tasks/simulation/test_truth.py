import pytest

from tasks.errors import FormatError
from tasks.simulation import Defocus, LocalMotion, MoviesTruth


def test_local_motion_is_the_quadratic_times_the_progress():
    local = LocalMotion(x=(1, 2, 3, 4, 5, 6), y=(0, 0, 0, 0, 0, 1), progress=(0, 0.5, 1))
    assert local.displacement(0, 0.2, 0.3) == (0, 0)
    u, v = 0.2, -0.4
    x = 1 + 2 * u + 3 * u**2 + 4 * v + 5 * v**2 + 6 * u * v
    assert local.displacement(1, u, v) == pytest.approx((x / 2, u * v / 2))
    assert local.displacement(2, u, v) == pytest.approx((x, u * v))


def test_the_mean_defocus_is_between_the_two():
    assert Defocus(u=12_000, v=11_000).mean == 11_500


def test_a_missing_truth_is_refused(tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        MoviesTruth.read(tmp_path / "truth.json")
