import pytest

from tasks.ledger import KindStatus
from tasks.report.words import counted, duration, in_order, kinds_of, number, plural, ranges, stage, step_words


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
    assert counted(1, "batch", "batches") == "1 batch"
    assert counted(2, "batch", "batches") == "2 batches"
    assert plural("particle_batch") == "batches of particles"
    assert plural("refinement", 1) == "refinement"


def test_items_are_counted_by_their_kinds():
    items = [KindStatus(kind=kind) for kind in ("movie", "b_factor", "movie", "extraction", "extraction", "movie")]
    assert kinds_of(items[:1]) == "1 movie"
    assert kinds_of(items[:2]) == "1 movie and 1 B factor"
    assert kinds_of(items) == "3 movies, 2 extractions of particles and 1 B factor"


def test_what_is_counted_of_a_kind_is_said_in_words_people_use():
    assert [stage(kind) for kind in ("movie", "extraction")] == ["movies", "micrographs extracted"]


def test_a_step_on_part_of_the_particles_says_how_many():
    assert step_words("ctf_estimation") == "CTF estimation"
    assert step_words("class_selection") == "class selection"
    assert step_words("post_processing_16000") == "post processing of 16,000 particles"
    assert step_words("particles_2000") == "drawing of 2,000 particles"


def test_kinds_come_in_the_order_in_which_they_follow_each_other():
    kinds = [KindStatus(kind=kind) for kind in ("b_factor", "classification_3d", "new", "extraction", "movie")]
    ordered = [kind.kind for kind in in_order(kinds)]
    assert ordered == ["movie", "extraction", "classification_3d", "b_factor", "new"]


def test_numbers_that_follow_each_other_are_told_shortly():
    assert ranges(["1"]) == "1"
    assert ranges([str(number) for number in (1, 2, 4, 5, 6, 10)]) == "1, 2, 4 to 6, 10"
