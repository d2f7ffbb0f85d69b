import pytest

from tasks.ledger import (
    Arrival,
    Claimer,
    Failure,
    Lease,
    LeaseLostError,
    Ledger,
    Message,
    arrive,
    claim,
    expire,
    extend,
    fail,
    finish,
    history,
    pausing,
    post,
    quarantined,
    release,
    take,
)
from tasks.ledger.policy import RULES

YEAR = 365 * 86400.0


@pytest.fixture
def lease(ledger: Ledger, worker: Claimer, clock) -> Lease:
    """A lease of one minute on the movie "a"."""
    arrive(ledger, [Arrival(session="grid", kind="movie", key="a")])
    return claim(ledger, worker)[0]


def test_an_item_whose_owner_is_silent_is_given_to_another(
    ledger: Ledger, worker: Claimer, clock, lease: Lease
) -> None:
    clock.advance(59)
    assert expire(ledger) == []
    clock.advance(2)
    [(lost, verdict)] = expire(ledger)
    assert (lost.item, lost.attempt, verdict.state, verdict.wait) == (lease.item, 1, "waiting", 0)
    [again] = claim(ledger, worker)
    assert (again.item, again.attempt, again.failures) == (lease.item, 2, {"lost-worker": 1})
    first, _ = history(ledger, "grid", "movie", "a")
    assert (first.outcome, first.reason) == ("lost-worker", "no sign of life from worker")


def test_a_sign_of_life_keeps_a_lease(ledger: Ledger, clock, lease: Lease) -> None:
    for _ in range(5):
        clock.advance(50)
        extend(ledger, lease, 60)
        assert expire(ledger) == []


def test_a_late_owner_is_refused_everything(ledger: Ledger, worker: Claimer, clock, lease: Lease) -> None:
    clock.advance(61)
    expire(ledger)
    for late in (
        lambda: extend(ledger, lease, 60),
        lambda: finish(ledger, lease),
        lambda: fail(ledger, lease, Failure(kind="bad-data", reason="black")),
        lambda: release(ledger, lease, "stopped"),
    ):
        with pytest.raises(LeaseLostError, match="movie a of session grid, attempt 1: the lease is lost"):
            late()
    assert [again.attempt for again in claim(ledger, worker)] == [2]


def test_work_counts_as_long_as_nobody_has_taken_the_item(ledger: Ledger, clock, lease: Lease) -> None:
    clock.advance(1000)
    finish(ledger, lease)
    assert expire(ledger) == []


def test_an_item_that_kills_its_workers_is_quarantined(ledger: Ledger, worker: Claimer, clock, lease: Lease) -> None:
    verdicts = []
    while not quarantined(ledger, "grid"):
        clock.advance(1000)
        verdicts += [verdict for _, verdict in expire(ledger)]
        clock.advance(1000)
        claim(ledger, worker)
    assert [verdict.wait for verdict in verdicts[:-1]] == list(RULES["lost-worker"].waits)
    assert verdicts[-1].state == "quarantined"


def test_a_released_item_keeps_its_history(ledger: Ledger, worker: Claimer, lease: Lease) -> None:
    fail(ledger, lease, Failure(kind="out-of-memory", reason="killed"))
    release(ledger, claim(ledger, worker)[0], "the worker was asked to stop")
    [again] = claim(ledger, worker)
    assert (again.attempt, again.failures) == (3, {"out-of-memory": 1})
    outcomes = [attempt.outcome for attempt in history(ledger, "grid", "movie", "a")]
    assert outcomes == ["out-of-memory", "released", None]


def test_a_clock_that_jumps_forward_neither_doubles_nor_loses(
    ledger: Ledger, worker: Claimer, clock, lease: Lease
) -> None:
    clock.advance(YEAR)
    expire(ledger)
    [second] = claim(ledger, worker)
    with pytest.raises(LeaseLostError):
        finish(ledger, lease)
    clock.advance(-YEAR)
    finish(ledger, second)
    assert [attempt.outcome for attempt in history(ledger, "grid", "movie", "a")] == ["lost-worker", "done"]


def test_a_lease_from_the_future_begins_anew(ledger: Ledger, worker: Claimer, clock, lease: Lease) -> None:
    clock.advance(-YEAR)
    assert expire(ledger) == []
    clock.advance(59)
    assert expire(ledger) == []
    clock.advance(2)
    assert len(expire(ledger)) == 1
    assert len(claim(ledger, worker)) == 1


def test_nothing_waits_for_a_time_that_never_comes(ledger: Ledger, worker: Claimer, clock, lease: Lease) -> None:
    post(ledger, [Message(target="ispyb", key="a")])
    take(ledger, "ispyb")
    fail(ledger, lease, Failure(kind="tool-error", reason="crashed"))
    clock.advance(-YEAR)
    expire(ledger)
    assert len(claim(ledger, worker)) == 1
    assert len(take(ledger, "ispyb")) == 1


def test_a_pause_from_the_future_is_none(ledger: Ledger, worker: Claimer, clock, lease: Lease) -> None:
    fail(ledger, lease, Failure(kind="no-licence", reason="all taken"))
    assert claim(ledger, worker) == []
    clock.advance(-YEAR)
    assert pausing(ledger) == []
    assert len(claim(ledger, worker)) == 1
