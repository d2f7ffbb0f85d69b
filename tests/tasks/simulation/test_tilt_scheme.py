import pytest

from tasks.simulation.tilt_scheme import tilt_order


@pytest.mark.parametrize(
    ("scheme", "order"),
    [
        ("dose-symmetric", [0, 3, -3, -6, 6, 9, -9]),
        ("bidirectional", [0, 3, 6, 9, -3, -6, -9]),
        ("unidirectional", [-9, -6, -3, 0, 3, 6, 9]),
    ],
)
def test_tilts_are_taken_in_the_order_of_the_scheme(scheme, order):
    assert tilt_order(9, 3, scheme) == order


def test_a_step_that_does_not_divide_the_range_stays_within_it():
    assert max(tilt_order(10, 3, "bidirectional")) == 9
