import math

import pytest

from tasks.report.ice import reference_intensity, thickness


def test_without_a_reference_the_thinnest_ice_of_the_session_counts_as_none():
    found = [(brightest, brightest) for brightest in (10.0, 20.0, 15.0)]
    assert reference_intensity(found) == 20
    assert thickness(0.1, 10.0, 20.0) == pytest.approx(0.1 + math.log(2))
    assert thickness(0.1, 20.0, 20.0) == 0.1


def test_a_micrograph_that_is_much_brighter_than_all_others_does_not_count():
    found = [(20.0, 20.0)] * 199 + [(900.0, 900.0)]
    assert reference_intensity(found) == 20


def test_a_reference_that_was_given_is_kept():
    found = [(30.0, 20.0), (30.0, 25.0)]
    assert thickness(0.4, 30.0, reference_intensity(found)) == 0.4


def test_what_was_not_measured_is_not_known():
    assert reference_intensity([]) is None
    assert thickness(None, None, 20.0) is None
    assert thickness(0.1, 10.0, None) is None
