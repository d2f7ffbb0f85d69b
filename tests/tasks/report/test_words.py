import pytest

from tasks.report.words import counted, duration, number, plural


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "not known yet"),
        (0.04, "0.0 s"),
        (9.4, "9.4 s"),
        (59.7, "60 s"),
        (61, "1 min"),
        (3599, "1 h 0 min"),
        (3 * 3600 + 125, "3 h 2 min"),
        (50 * 3600, "2 d 2 h"),
    ],
)
def test_a_time_span_has_two_units_at_most(seconds, words):
    assert duration(seconds) == words


def test_a_number_that_is_not_known_is_a_dash():
    assert number(None, 1, "nm") == "\u2013"
    assert number(1.25, 1, "nm") == "1.2\u202fnm"


def test_kinds_have_their_plurals():
    assert plural("tilt_movie") == "tilt movies"
    assert plural("tilt_series") == "tilt series"
    assert plural("tilt_movie", 1) == "tilt movie"
    assert counted(1, "lease") == "1 lease"
    assert counted(5000, "lease") == "5,000 leases"
