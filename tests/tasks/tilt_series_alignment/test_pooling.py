import pytest

from tasks.errors import ResultError
from tasks.tilt_series_alignment.pooling import pool_tilt_axis


def test_a_bad_series_does_not_matter():
    pooled = pool_tilt_axis([84.1, 84.3, 84.2, 90.0, 84.2])
    assert pooled.angle == pytest.approx(84.2)
    assert pooled.spread < 0.2
    assert pooled.series == 5


def test_axes_near_half_a_turn_are_pooled():
    assert abs(pool_tilt_axis([179.8, -179.8, 180.0]).angle) == pytest.approx(180)
    assert pool_tilt_axis([179.8, -179.8, 180.0]).spread < 0.5


def test_refuses_too_few_series():
    with pytest.raises(ResultError, match="at least 3 series, not 2"):
        pool_tilt_axis([84, 85])


def test_refuses_series_that_do_not_belong_together():
    with pytest.raises(ResultError, match="not one microscope"):
        pool_tilt_axis([84, 95, 70, 120])
