import pytest

from tasks.errors import InputError
from tasks.ledger import (
    Arrival,
    Claimer,
    Failure,
    LeaseLostError,
    Ledger,
    arrive,
    claim,
    fail,
    finish,
    history,
    quarantined,
    status,
)


def movie(key: str, **payload: int) -> Arrival:
    return Arrival(session="grid", kind="movie", key=key, payload=payload)


def test_the_same_announcement_five_times_is_one_item(ledger: Ledger, worker: Claimer) -> None:
    assert [len(arrive(ledger, [movie("a", frames=3)])) for _ in range(5)] == [1, 0, 0, 0, 0]
    assert len(claim(ledger, worker, 10)) == 1


def test_only_news_is_returned(ledger: Ledger) -> None:
    arrive(ledger, [movie("a")])
    assert [news.key for news in arrive(ledger, [movie("b"), movie("a"), movie("c")])] == ["b", "c"]


def test_of_two_announcements_in_one_call_the_last_counts(ledger: Ledger, worker: Claimer) -> None:
    arrive(ledger, [movie("a", frames=1), movie("a", frames=2)])
    assert [lease.payload for lease in claim(ledger, worker, 10)] == [{"frames": 2}]


def test_the_order_of_a_payload_does_not_matter(ledger: Ledger) -> None:
    arrive(ledger, [movie("a", frames=3, tilt=1)])
    assert arrive(ledger, [movie("a", tilt=1, frames=3)]) == []


def test_a_session_must_be_open(ledger: Ledger) -> None:
    with pytest.raises(InputError, match="session other: not in the ledger"):
        arrive(ledger, [movie("a"), movie("b").model_copy(update={"session": "other"})])
    assert status(ledger, "grid").kinds == ()


def test_another_payload_makes_a_done_item_wait_afresh(ledger: Ledger, worker: Claimer) -> None:
    arrive(ledger, [movie("a", frames=3)])
    finish(ledger, claim(ledger, worker)[0])
    assert len(arrive(ledger, [movie("a", frames=4)])) == 1
    assert [lease.payload for lease in claim(ledger, worker)] == [{"frames": 4}]
    assert [attempt.outcome for attempt in history(ledger, "grid", "movie", "a")] == ["done", "announced-anew", None]


def test_another_payload_refuses_the_present_owner(ledger: Ledger, worker: Claimer) -> None:
    arrive(ledger, [movie("a", frames=3)])
    [old] = claim(ledger, worker)
    arrive(ledger, [movie("a", frames=4)])
    [new] = claim(ledger, worker)
    with pytest.raises(LeaseLostError, match="movie a of session grid, attempt 1"):
        finish(ledger, old)
    finish(ledger, new)
    outcomes = [attempt.outcome for attempt in history(ledger, "grid", "movie", "a")]
    assert outcomes == ["announced-anew", "announced-anew", "done"]


def test_another_payload_takes_an_item_out_of_quarantine(ledger: Ledger, worker: Claimer) -> None:
    arrive(ledger, [movie("a", frames=3)])
    fail(ledger, claim(ledger, worker)[0], Failure(kind="bad-data", reason="black"))
    arrive(ledger, [movie("a", frames=4)])
    assert quarantined(ledger, "grid") == []
    assert [lease.failures for lease in claim(ledger, worker)] == [{}]


def test_thousands_arrive_at_once(ledger: Ledger) -> None:
    movies = [movie(f"{number:04}", frames=number) for number in range(1200)]
    assert len(arrive(ledger, movies)) == 1200
    assert arrive(ledger, movies) == []
    assert [kind.waiting for kind in status(ledger, "grid").kinds] == [1200]
