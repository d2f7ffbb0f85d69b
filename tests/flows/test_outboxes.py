import pytest

from flows import outboxes
from flows.outboxes import deliver_to
from tasks.ispyb import Away, Orphaned, Rejected
from tasks.ledger import Message, post, posted


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (None, "sent"),
        (Away("busy"), "pending"),
        (OSError("no route"), "pending"),
        (Orphaned("Movie", "dataCollectionId", "no such row"), "pending"),
        (Rejected("Movie", "angle", "out of range"), "dead"),
    ],
    ids=["sent", "away", "other", "orphaned", "rejected"],
)
def test_what_fails_is_tried_again_unless_it_never_can(ledger, error, state):
    def send(_ledger, _delivery):
        if error:
            raise error

    post(ledger, [Message(target="ispyb", key="a")])
    assert deliver_to(ledger, "ispyb", send) == (1 if error is None else 0)
    assert posted(ledger, "ispyb") == {state: 1}


def test_one_that_is_away_is_asked_once_for_all_that_waits(ledger):
    asked = []

    def send(_ledger, delivery):
        asked.append(delivery.key)
        if delivery.key == "b":
            raise Away("busy")

    post(ledger, [Message(target="ispyb", key=key) for key in "abc"])
    assert deliver_to(ledger, "ispyb", send) == 1
    assert asked == ["a", "b"]
    assert posted(ledger, "ispyb") == {"sent": 1, "pending": 2}


@pytest.fixture
def together(monkeypatch):
    """A target that takes several at once, whose writer refuses one, or is away at one."""
    calls: list[list[str]] = []

    def send_all(_ledger, deliveries):
        calls.append([delivery.key for delivery in deliveries])
        if "poison" in calls[-1]:
            raise Rejected("Movie", "angle", "out of range")
        if "away" in calls[-1]:
            raise Away("busy")

    def send(ledger, delivery):
        send_all(ledger, [delivery])

    monkeypatch.setattr(outboxes, "_TOGETHER", {send: send_all})
    return send, calls


def test_several_are_delivered_together_where_that_costs_less(ledger, together):
    send, calls = together
    assert deliver_to(ledger, "ispyb", send) == 0
    post(ledger, [Message(target="ispyb", key=key) for key in "abc"])
    assert deliver_to(ledger, "ispyb", send) == 3
    assert calls == [["a", "b", "c"]]
    assert posted(ledger, "ispyb") == {"sent": 3}


def test_one_that_is_refused_keeps_none_of_the_others(ledger, together):
    send, calls = together
    for key in ("a", "b", "poison", "c", "d", "e"):
        post(ledger, [Message(target="ispyb", key=key)])
    assert deliver_to(ledger, "ispyb", send) == 5
    assert calls[1:] == [["a", "b", "poison"], ["a"], ["b", "poison"], ["b"], ["poison"], ["c", "d", "e"]]
    assert posted(ledger, "ispyb") == {"sent": 5, "dead": 1}


def test_of_several_those_are_left_for_which_the_target_is_away(ledger, together):
    send, calls = together
    for key in ("poison", "a", "away", "b"):
        post(ledger, [Message(target="ispyb", key=key)])
    assert deliver_to(ledger, "ispyb", send) == 1
    assert calls[-1] == ["away", "b"]
    assert posted(ledger, "ispyb") == {"sent": 1, "dead": 1, "pending": 2}
