from pathlib import Path

import pytest

from tasks.ledger import (
    Arrival,
    Claimer,
    Failure,
    FailureKind,
    Ledger,
    Message,
    arrive,
    claim,
    fail,
    finish,
    history,
    pausing,
    posted,
    quarantined,
    resume,
)
from tasks.ledger.policy import RULES


@pytest.fixture(autouse=True)
def movie(ledger: Ledger) -> None:
    arrive(ledger, [Arrival(session="grid", kind="movie", key="a", payload={"frames": 3})])


def attempt(ledger: Ledger, worker: Claimer, kind: FailureKind, *messages: Message) -> str:
    [lease] = claim(ledger, worker)
    return fail(ledger, lease, Failure(kind=kind, reason="as the test wishes", log=Path("/log")), messages).state


@pytest.mark.parametrize("kind", ["missing-input", "out-of-memory", "no-gpu", "tool-error"])
def test_each_kind_waits_as_its_rule_says_and_ends_in_quarantine(
    ledger: Ledger, worker: Claimer, clock, kind: FailureKind
) -> None:
    for wait in RULES[kind].waits:
        assert attempt(ledger, worker, kind) == "waiting"
        if wait:
            clock.advance(wait - 1)
            assert claim(ledger, worker) == []
            clock.advance(2)
    assert attempt(ledger, worker, kind) == "quarantined"
    assert claim(ledger, worker) == []
    [given_up] = quarantined(ledger, "grid")
    assert given_up.model_dump() == {
        "kind": "movie",
        "key": "a",
        "payload": {"frames": 3},
        "reason_kind": kind,
        "reason": "as the test wishes",
        "log": Path("/log"),
    }
    outcomes = [one.outcome for one in history(ledger, "grid", "movie", "a")]
    assert outcomes == [kind] * (len(RULES[kind].waits) + 1)


def test_bad_data_is_never_tried_again(ledger: Ledger, worker: Claimer) -> None:
    assert attempt(ledger, worker, "bad-data") == "quarantined"


def test_kinds_are_counted_apart_and_told_to_the_next_owner(ledger: Ledger, worker: Claimer, clock) -> None:
    attempt(ledger, worker, "out-of-memory")
    attempt(ledger, worker, "tool-error")
    clock.advance(1000)
    attempt(ledger, worker, "out-of-memory")
    [lease] = claim(ledger, worker)
    assert lease.failures == {"out-of-memory": 2, "tool-error": 1}


@pytest.mark.parametrize("kind", ["no-licence", "disk-full"])
def test_want_of_licence_or_space_pauses_the_pool_and_blames_no_item(
    ledger: Ledger, worker: Claimer, clock, kind: FailureKind
) -> None:
    for _ in range(20):
        assert attempt(ledger, worker, kind) == "waiting"
        [pause] = pausing(ledger)
        assert (pause.pool, pause.kind, pause.reason) == ("default", kind, "as the test wishes")
        assert pause.remaining == pytest.approx(RULES[kind].pause)
        assert claim(ledger, worker) == []
        clock.advance(RULES[kind].pause + 1)
        assert pausing(ledger) == []
    [lease] = claim(ledger, worker)
    assert lease.failures == {}


def test_a_paused_pool_accepts_arrivals_and_leaves_its_items_to_other_pools(ledger: Ledger, worker: Claimer) -> None:
    attempt(ledger, worker, "no-licence")
    arrive(ledger, [Arrival(session="grid", kind="movie", key="b")])
    other = worker.model_copy(update={"pool": "embedded"})
    assert [lease.key for lease in claim(ledger, other, 2)] == ["a", "b"]


def test_a_pause_can_be_ended(ledger: Ledger, worker: Claimer) -> None:
    attempt(ledger, worker, "disk-full")
    resume(ledger, "default")
    assert len(claim(ledger, worker)) == 1


def test_others_are_told_of_quarantine_only(ledger: Ledger, worker: Claimer, clock) -> None:
    message = Message(target="murfey", key="a is not to be waited for")
    attempt(ledger, worker, "tool-error", message)
    assert posted(ledger, "murfey") == {}
    clock.advance(1000)
    attempt(ledger, worker, "bad-data", message)
    assert posted(ledger, "murfey") == {"pending": 1}


def test_an_item_that_was_done_at_last_is_blameless(ledger: Ledger, worker: Claimer) -> None:
    attempt(ledger, worker, "out-of-memory")
    finish(ledger, claim(ledger, worker)[0])
    arrive(ledger, [Arrival(session="grid", kind="movie", key="a", payload={"frames": 4})])
    assert [lease.failures for lease in claim(ledger, worker)] == [{}]
