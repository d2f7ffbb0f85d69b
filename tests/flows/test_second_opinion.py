import pytest
from guesses import BAD, FAILING, GOOD, WORSE, Guess, Teller, question, times

from flows.records import records_of, result_in, result_of
from flows.second_opinion import Question, consulted
from tasks.errors import ResultError
from tasks.models import Opinion
from tasks.reuse import Place


def asked(asking: Question[Guess]) -> tuple[Guess, list[Place]]:
    """Return what is believed, and the places that were told."""
    steps, places = consulted(asking), []
    while True:
        try:
            places.append(next(steps))
        except StopIteration as end:
            return end.value, places


def test_nobody_is_asked_where_the_first_is_not_in_doubt(tmp_path):
    found, places = asked(question(tmp_path, GOOD, BAD))
    assert found.value == 9
    assert [place.record.parent.name for place in places] == ["guessing"]
    assert times(tmp_path) == {"good": 1}


def test_the_data_decide_between_two_and_both_are_kept(tmp_path):
    found, places = asked(question(tmp_path, BAD, GOOD))
    assert found.value == 9
    told = {result.step: result for result in map(result_of, places)}
    assert set(told) == {"guessing", "second_opinion_of_guessing"}
    opinion = Opinion[Guess].model_validate(told["second_opinion_of_guessing"].result)
    assert (opinion.won, opinion.why) == ("second", "2 is low")
    assert (opinion.first.found, opinion.second.found) == (Guess(value=2), Guess(value=9))
    assert (opinion.first.agreement, opinion.second.agreement) == (-8, -1)
    assert told["guessing"].digest == opinion.winner.digest
    assert told["guessing"].result == {"value": 9.0}


def test_the_first_is_kept_if_the_second_is_no_better(tmp_path):
    found, places = asked(question(tmp_path, BAD, WORSE))
    assert found.value == 2
    assert [result_of(place).step for place in places] == ["guessing", "second_opinion_of_guessing"]
    assert result_of(places[0]).result == {"value": 2.0}


def test_a_first_that_fails_is_a_reason_to_ask_the_second(tmp_path):
    found, places = asked(question(tmp_path, FAILING, GOOD))
    assert found.value == 9
    opinion = Opinion[Guess].model_validate(result_of(places[-1]).result)
    assert opinion.why == "failing failed: too little signal"
    assert (opinion.first.found, opinion.first.failure) == (None, "too little signal")


@pytest.mark.parametrize("failure", ["no rings", "crash of the program"])
def test_a_second_that_fails_leaves_the_first(tmp_path, failure):
    found, places = asked(question(tmp_path, BAD, Teller(tool="other", failure=failure)))
    assert found.value == 2
    opinion = Opinion[Guess].model_validate(result_of(places[-1]).result)
    assert (opinion.won, opinion.second.failure) == ("first", failure)


def test_if_both_fail_the_reason_names_both(tmp_path):
    with pytest.raises(ResultError, match=r"too little signal.*other: no rings"):
        asked(question(tmp_path, FAILING, Teller(tool="other", failure="no rings")))


def test_a_failure_without_a_second_stays_what_it_is(tmp_path):
    with pytest.raises(ResultError, match=r"^too little signal$"):
        asked(question(tmp_path, FAILING, None))


@pytest.mark.parametrize("first", [BAD, FAILING, GOOD])
def test_the_same_again_computes_nothing(tmp_path, first):
    before = asked(question(tmp_path, first, Teller(tool="other", value=8.0)))
    once_each = times(tmp_path)
    again = asked(question(tmp_path, first, Teller(tool="other", value=8.0)))
    assert again[0] == before[0]
    assert [place.record for place in again[1]] == [place.record for place in before[1]]
    assert times(tmp_path) == once_each
    assert set(once_each.values()) == {1}


def test_another_second_tool_matters_only_where_it_is_asked(tmp_path):
    for name, first in (("one", GOOD), ("two", BAD)):
        asked(question(tmp_path / name, first, WORSE))
        asked(question(tmp_path / name, first, Teller(tool="other", value=8.0)))
    assert times(tmp_path / "one") == {"good": 1}
    assert times(tmp_path / "two") == {"bad": 1, "worse": 1, "other": 1}


def test_another_limit_asks_nobody_twice(tmp_path):
    asked(question(tmp_path, BAD, GOOD))
    _, places = asked(question(tmp_path, BAD, GOOD, least=1.0))
    assert [place.record.parent.name for place in places] == ["guessing"]
    assert not (tmp_path / "second_opinion_of_guessing/item.json").exists()
    found, _ = asked(question(tmp_path, BAD, GOOD))
    assert found.value == 9
    assert times(tmp_path) == {"bad": 1, "good": 1}


def test_what_the_second_tool_left_is_made_again_if_it_is_lost(tmp_path):
    asking = question(tmp_path, BAD, GOOD)
    asked(asking)
    asking.at.record.unlink()
    asking.second.at.record.unlink()
    assert asked(asking)[0].value == 9
    assert times(tmp_path) == {"bad": 1, "good": 2}


@pytest.mark.parametrize(("first", "second", "value"), [(BAD, GOOD, 9.0), (FAILING, GOOD, 9.0), (BAD, WORSE, 2.0)])
def test_records_are_those_of_the_tool_that_is_believed(tmp_path, first, second, value):
    asked(question(tmp_path, first, second))
    (record,) = records_of(tmp_path, ("guessing",))
    assert result_in(record).result == {"value": value}
