import pytest

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
