import pytest

from tasks.ledger import (
    Arrival,
    Asked,
    Claimer,
    Ledger,
    Message,
    ask,
    claim,
    failed,
    find_session,
    finish,
    post,
    sent,
    take,
)
from tasks.ledger.overdue import overdue, unsent

SESSION = "grid"


@pytest.fixture
def asked(ledger: Ledger):
    """Ask for something to be done, or for something that is to be planned later."""

    def request(key: str, *, planned: bool = True) -> None:
        of = find_session(ledger, SESSION)
        request = Asked(session=SESSION, recipe="align", key=key, kind="tilt_series", item=key, body="{}")
        ask(ledger, of, [request], [Arrival(session=SESSION, kind="tilt_series", key=key)] if planned else [])

    return request


def test_requests_are_overdue_until_their_items_are_done(ledger, clock, asked):
    asked("a")
    asked("b")
    asked("c", planned=False)
    clock.advance(100)
    assert overdue(ledger, SESSION, 102) == []
    claim(ledger, Claimer(owner="run", kinds=("tilt_series",)), 1)
    found = {each.state: each for each in overdue(ledger, SESSION, 99)}
    assert {state: each.number for state, each in found.items()} == {None: 1, "running": 1, "waiting": 1}
    assert found["waiting"].age == pytest.approx(100, abs=0.01)
    (lease,) = claim(ledger, Claimer(owner="run", kinds=("tilt_series",)), 5)
    finish(ledger, lease)
    assert [each.state for each in overdue(ledger, SESSION, 99)].count("waiting") == 0


def test_messages_are_unsent_if_given_up_or_old(ledger, clock):
    post(ledger, [Message(target="ispyb", key=key) for key in "ab"])
    (first, _) = take(ledger, "ispyb")
    failed(ledger, first, "too long", rejected=True)
    assert [(each.state, each.number, each.error) for each in unsent(ledger, 10)] == [("dead", 1, "too long")]
    clock.advance(61)
    assert {each.state: each.number for each in unsent(ledger, 60)} == {"dead": 1, "pending": 1}
    assert unsent(ledger, 60)[1].age == pytest.approx(61, abs=0.01)


def test_a_message_that_is_written_anew_after_it_was_sent_is_new(ledger, clock):
    post(ledger, [Message(target="ispyb", key="a", payload={"n": 1}, repeat=True)])
    sent(ledger, take(ledger, "ispyb"))
    clock.advance(61)
    post(ledger, [Message(target="ispyb", key="a", payload={"n": 2}, repeat=True)])
    assert unsent(ledger, 60) == []
    clock.advance(61)
    post(ledger, [Message(target="ispyb", key="a", payload={"n": 3}, repeat=True)])
    assert len(unsent(ledger, 60)) == 1
