import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from tasks.ledger import (
    Arrival,
    Claimer,
    Failure,
    Message,
    Session,
    arrive,
    claim,
    fail,
    failed,
    finish,
    freeze,
    open_ledger,
    open_session,
    post,
    take,
)
from tasks.models import Estimate


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/ledger.db"
    monkeypatch.setenv("CRYOEM_FLOWS_LEDGER", url)
    ledger = open_ledger(url)
    open_session(ledger, Session(name="cm1", kind="tomography", folder=tmp_path))
    arrive(ledger, [Arrival(session="cm1", kind="tilt_series", key=key, payload={}) for key in ("a", "b", "c")])
    first, second = claim(ledger, Claimer(owner="worker", kinds=("tilt_series",), lease=60), 2)
    finish(ledger, first)
    fail(ledger, second, Failure(kind="bad-data", reason="2 usable tilts; expected at least 3"))
    return ledger


def said(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_status_counts_and_says_what_was_given_up_and_why(ledger):
    text = said("status", "cm1")
    assert "tilt_series: 1 waiting, 0 running, 1 done, 1 quarantined" in text
    assert "given up: tilt_series" in text
    assert "bad-data: 2 usable tilts; expected at least 3" in text
    assert "cm1: done in " in text


def test_status_says_what_is_stranded_on_its_way_to_others(ledger):
    assert "stranded" not in said("status", "cm1")
    post(ledger, [Message(target="ispyb", key="a")])
    (delivery,) = take(ledger, "ispyb")
    failed(ledger, delivery, "Data too long for column", rejected=True)
    expected = "stranded: 1 messages to ispyb were given up; one of the errors: Data too long for column"
    assert expected in said("status", "cm1")


def test_what_was_given_up_gets_another_chance(ledger):
    assert said("requeue", "cm1") == "1 items wait again\n"
    text = said("status", "cm1")
    assert "2 waiting, 0 running, 1 done, 0 quarantined" in text
    assert "given up" not in text


def test_only_the_named_items_are_put_back(ledger):
    assert said("requeue", "cm1", "nonesuch") == "0 items wait again\n"
    assert said("requeue", "cm1", "--kind", "movie") == "0 items wait again\n"


def test_status_and_consensus_say_what_the_images_agree_on(ledger):
    assert said("consensus", "cm1") == "  too few items are done to tell\n"
    estimate = {"name": "tilt_axis", "value": 84.2, "unit": "degree", "confidence": 0.95, "items": 5}
    more = {"evidence": "median of 5 series", "expected": 30.0, "agrees": False}
    freeze(ledger, "cm1", Estimate.model_validate(estimate | more))
    expected = "tilt axis: 84.2 degree (95% sure, of 5 items: median of 5 series); BUT THE PARAMETERS SAY 30.0"
    assert expected in said("status", "cm1")
    assert expected in said("consensus", "cm1")
    assert expected not in said("consensus", "cm1", "--again")
