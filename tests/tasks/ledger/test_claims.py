from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import event

from tasks.errors import InputError
from tasks.ledger import (
    Arrival,
    Claimer,
    Failure,
    Lease,
    Ledger,
    Session,
    arrive,
    claim,
    expire,
    fail,
    finish,
    history,
    open_session,
)


def movies(ledger: Ledger, keys: str, session: str = "grid", kind: str = "movie", priority: int = 0) -> None:
    arrive(ledger, [Arrival(session=session, kind=kind, key=key, priority=priority) for key in keys])


def keys(leases: list[Lease]) -> str:
    return "".join(lease.key for lease in leases)


def test_an_item_is_leased_once(ledger: Ledger, worker: Claimer) -> None:
    movies(ledger, "abc")
    assert [keys(claim(ledger, worker, 2)) for _ in range(3)] == ["ab", "c", ""]


def test_a_lease_says_what_to_do(ledger: Ledger, worker: Claimer) -> None:
    arrive(ledger, [Arrival(session="grid", kind="movie", key="a", payload={"frames": [1, None, "x"]})])
    [lease] = claim(ledger, worker)
    assert lease == Lease(
        item=lease.item,
        attempt=1,
        session="grid",
        kind="movie",
        key="a",
        payload={"frames": [1, None, "x"]},
        failures={},
        pool="default",
    )
    [attempt] = history(ledger, "grid", "movie", "a")
    assert (attempt.owner, attempt.pool, attempt.ended, attempt.outcome) == ("worker", "default", None, None)


@pytest.mark.parametrize(("order", "expected"), [("newest", "fedcba"), ("oldest", "fdeabc")])
def test_priority_then_order_of_arrival_decides(ledger: Ledger, worker: Claimer, order: str, expected: str) -> None:
    movies(ledger, "abc")
    movies(ledger, "de", priority=1)
    movies(ledger, "f", priority=2)
    assert keys(claim(ledger, worker.model_copy(update={"order": order}), 10)) == expected


def test_kinds_come_in_the_order_of_the_claimer(ledger: Ledger, worker: Claimer) -> None:
    movies(ledger, "ab")
    movies(ledger, "cd", kind="tilt_series")
    movies(ledger, "x", kind="particles")
    both = worker.model_copy(update={"kinds": ("tilt_series", "movie")})
    assert keys(claim(ledger, both, 3)) == "cda"


def test_a_claimer_may_work_for_one_session_only(ledger: Ledger, worker: Claimer) -> None:
    open_session(ledger, Session(name="other", kind="spa", folder=Path("/data/other")))
    movies(ledger, "ab")
    movies(ledger, "cd", session="other")
    mine = worker.model_copy(update={"session": "other"})
    assert [keys(claim(ledger, mine, 1)) for _ in range(3)] == ["c", "d", ""]


def test_a_claimer_for_an_unknown_session_is_told(ledger: Ledger, worker: Claimer) -> None:
    with pytest.raises(InputError, match="session nowhere: not in the ledger"):
        claim(ledger, worker.model_copy(update={"session": "nowhere"}))


def test_sessions_share_the_workers(ledger: Ledger, worker: Claimer) -> None:
    open_session(ledger, Session(name="small", kind="spa", folder=Path("/data/small")))
    movies(ledger, "abcdefgh")
    movies(ledger, "xyz", session="small")
    leases = [lease for _ in range(4) for lease in claim(ledger, worker, 1)]
    assert Counter(lease.session for lease in leases) == {"grid": 2, "small": 2}


def test_what_one_session_lacks_goes_to_the_other(ledger: Ledger, worker: Claimer) -> None:
    open_session(ledger, Session(name="small", kind="spa", folder=Path("/data/small")))
    movies(ledger, "abcdefgh")
    movies(ledger, "x", session="small")
    assert Counter(lease.session for lease in claim(ledger, worker, 6)) == {"grid": 5, "small": 1}


def test_no_session_starves_behind_another_with_one_worker(ledger: Ledger, worker: Claimer) -> None:
    open_session(ledger, Session(name="small", kind="spa", folder=Path("/data/small")))
    movies(ledger, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    movies(ledger, "x", session="small")
    served = set()
    for _ in range(40):
        [lease] = claim(ledger, worker)
        served.add(lease.session)
        finish(ledger, lease)
    assert served == {"grid", "small"}


def test_a_failed_item_does_not_hold_up_those_behind_it(ledger: Ledger, worker: Claimer) -> None:
    movies(ledger, "ab")
    fail(ledger, claim(ledger, worker)[0], Failure(kind="tool-error", reason="crashed"))
    assert keys(claim(ledger, worker, 2)) == "b"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # which plans without regard to the size of a table
def test_no_claim_and_no_sweep_reads_all_that_waits(ledger: Ledger, worker: Claimer) -> None:
    movies(ledger, "abc")
    plans: list[str] = []

    def explain(_connection: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN", "INSERT INTO attempts")):
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[-1] for row in rows)

    event.listen(ledger.engine, "before_cursor_execute", explain)
    claim(ledger, worker)
    claim(ledger, worker.model_copy(update={"session": "grid", "order": "newest"}))
    expire(ledger)
    assert any("ix_items_newest" in plan for plan in plans)
    assert any("ix_items_oldest" in plan for plan in plans)
    assert [plan for plan in plans if plan.startswith(("SCAN items", "SCAN outbox"))] == []
