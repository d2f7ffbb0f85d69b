import pytest

from tasks.ledger import Ledger, Message, dead, failed, post, posted, revive, sent, take


def row(key: str, value: int = 0, *, repeat: bool = True) -> Message:
    return Message(target="ispyb", key=key, payload={"value": value}, repeat=repeat)


def keys(ledger: Ledger, **limits: float) -> str:
    return "".join(delivery.key for delivery in take(ledger, "ispyb", **limits))


def test_messages_are_taken_once_and_in_order(ledger: Ledger) -> None:
    post(ledger, [row("a"), row("b")])
    post(ledger, [row("c"), Message(target="murfey", key="a")])
    assert [keys(ledger, limit=2), keys(ledger), keys(ledger)] == ["ab", "c", ""]


def test_a_message_is_there_once_and_sent_once(ledger: Ledger) -> None:
    for _ in range(5):
        post(ledger, [row("a"), row("a")])
    sent(ledger, take(ledger, "ispyb"))
    post(ledger, [row("a")])
    assert keys(ledger) == ""
    assert posted(ledger, "ispyb") == {"sent": 1}


def test_a_row_that_has_changed_is_sent_again(ledger: Ledger) -> None:
    post(ledger, [row("a", 1)])
    sent(ledger, take(ledger, "ispyb"))
    post(ledger, [row("a", 2)])
    [delivery] = take(ledger, "ispyb")
    assert (delivery.payload, delivery.version, delivery.tries) == ({"value": 2}, 2, 1)


def test_of_an_event_the_first_payload_counts(ledger: Ledger) -> None:
    post(ledger, [row("a", 1, repeat=False)])
    post(ledger, [row("a", 2, repeat=False)])
    [delivery] = take(ledger, "ispyb")
    assert delivery.payload == {"value": 1}
    sent(ledger, [delivery])
    post(ledger, [row("a", 3, repeat=False)])
    assert take(ledger, "ispyb") == []


def test_a_change_while_a_row_is_being_sent_is_not_lost(ledger: Ledger) -> None:
    post(ledger, [row("a", 1)])
    old = take(ledger, "ispyb")
    post(ledger, [row("a", 2)])
    assert take(ledger, "ispyb") == []
    sent(ledger, old)
    [delivery] = take(ledger, "ispyb")
    assert delivery.payload == {"value": 2}
    sent(ledger, [delivery])
    assert posted(ledger, "ispyb") == {"sent": 1}


@pytest.mark.parametrize("rejected", [False, True])
def test_a_change_while_a_row_fails_is_tried_at_once(ledger: Ledger, *, rejected: bool) -> None:
    post(ledger, [row("a", 1)])
    [old] = take(ledger, "ispyb")
    post(ledger, [row("a", 2)])
    failed(ledger, old, "no answer", rejected=rejected)
    assert [delivery.payload for delivery in take(ledger, "ispyb")] == [{"value": 2}]


def test_what_a_dead_sender_took_is_given_to_another(ledger: Ledger, clock) -> None:
    post(ledger, [row("a")])
    take(ledger, "ispyb", seconds=60)
    clock.advance(59)
    assert take(ledger, "ispyb") == []
    clock.advance(2)
    assert [delivery.tries for delivery in take(ledger, "ispyb")] == [2]


def test_a_failure_waits_longer_each_time(ledger: Ledger, clock) -> None:
    post(ledger, [row("a")])
    for wait in (5, 10, 20):
        [delivery] = take(ledger, "ispyb")
        failed(ledger, delivery, "connection refused")
        clock.advance(wait - 1)
        assert take(ledger, "ispyb") == []
        clock.advance(2)
    assert [delivery.error for delivery in take(ledger, "ispyb")] == ["connection refused"]


def test_a_failure_of_a_late_sender_does_not_count(ledger: Ledger, clock) -> None:
    post(ledger, [row("a")])
    [late] = take(ledger, "ispyb", seconds=60)
    clock.advance(61)
    [present] = take(ledger, "ispyb")
    failed(ledger, late, "no answer", rejected=True)
    assert dead(ledger, "ispyb") == []
    sent(ledger, [present])
    assert posted(ledger, "ispyb") == {"sent": 1}


def test_a_late_success_counts(ledger: Ledger, clock) -> None:
    post(ledger, [row("a")])
    late = take(ledger, "ispyb", seconds=60)
    clock.advance(61)
    [present] = take(ledger, "ispyb")
    sent(ledger, late)
    failed(ledger, present, "exists already", rejected=True)
    assert posted(ledger, "ispyb") == {"sent": 1}


def test_a_rejected_message_is_dead_until_somebody_revives_it(ledger: Ledger) -> None:
    post(ledger, [row("a"), row("b")])
    first, second = take(ledger, "ispyb")
    failed(ledger, first, "no such column", rejected=True)
    sent(ledger, [second])
    assert [(delivery.key, delivery.error) for delivery in dead(ledger, "ispyb")] == [("a", "no such column")]
    assert keys(ledger) == ""
    assert revive(ledger, "ispyb") == 1
    assert keys(ledger) == "a"
