from pathlib import Path

import pytest
from guesses import BAD, FAILING, GOOD, Guess, Teller, question, times
from prefect import flow

from flows.mapped import begun_in_doubt, require_any, settled, the_only
from flows.second_opinion import Question
from tasks.errors import ResultError

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api")]

OTHER = Teller(tool="other", value=8.0)


@flow
def guessing(questions: dict[str, Question[Guess]]) -> tuple[dict[str, Guess], dict[str, str], dict[str, list[str]]]:
    step = begun_in_doubt(questions)
    results, reasons = settled(step)
    return results, reasons, {name: [place.record.parent.name for place in step.found_of(name)] for name in questions}


@flow
def guess_one(asked: Question[Guess]) -> Guess:
    return the_only(begun_in_doubt({"one": asked}))


@flow
def guess_some(questions: dict[str, Question[Guess]]) -> list[str]:
    step = begun_in_doubt(questions)
    results, _ = settled(step)
    require_any(step, results)
    return sorted(results)


def questions(folder: Path) -> dict[str, Question[Guess]]:
    crashing = Teller(tool="crashing", failure="crash of the program")
    hopeless = Teller(tool="hopeless", failure="no rings")
    tellers = {"good": (GOOD, OTHER), "bad": (BAD, OTHER), "failing": (FAILING, OTHER), "alone": (FAILING, None)}
    tellers |= {"neither": (FAILING, hopeless), "kept": (BAD, crashing)}
    return {name: question(folder / name, *two) for name, two in tellers.items()}


def test_items_in_doubt_are_done_with_the_second_tool_and_the_others_are_not(tmp_path):
    results, reasons, told = guessing(questions(tmp_path))
    assert {name: found.value for name, found in results.items()} == {"good": 9, "bad": 8, "failing": 8, "kept": 2}
    assert set(reasons) == {"alone", "neither"}
    assert "too little signal" in reasons["alone"]
    assert "no rings" in reasons["neither"]
    assert told["good"] == ["guessing"]
    assert told["bad"] == ["guessing", "second_opinion_of_guessing", "guessing"]
    assert told["failing"] == ["second_opinion_of_guessing", "guessing"]

    before = {name: times(tmp_path / name) for name in ("good", "bad", "failing", "kept")}
    again, *_ = guessing(questions(tmp_path))
    assert again == results
    assert {name: times(tmp_path / name) for name in before} == before


def test_a_single_item_that_fails_raises_why(tmp_path):
    assert guess_one(question(tmp_path / "one", FAILING, OTHER)).value == 8
    with pytest.raises(ResultError, match=r"^too little signal$"):
        guess_one(question(tmp_path / "two", FAILING, None))


def test_items_that_all_fail_raise_why_the_first_one_did(tmp_path):
    asked = questions(tmp_path / "some")
    assert guess_some({name: asked[name] for name in ("alone", "good")}) == ["good"]
    with pytest.raises(ResultError, match=r"^too little signal$"):
        guess_some({name: asked[name] for name in ("alone", "neither")})
