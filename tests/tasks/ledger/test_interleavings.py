"""Whatever order things happen in, and whoever dies: no item is lost, none counts twice.

The machine does what gateways, workers, sweeps and operators do, in any order, and keeps a plain dictionary of what the
ledger must say. A worker that dies is one whose lease is never used again; one that was cut off uses it late.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from tasks.ledger import (
    Arrival,
    Claimer,
    Failure,
    Lease,
    LeaseLostError,
    Ledger,
    Message,
    Result,
    Selection,
    Session,
    arrive,
    claim,
    expire,
    extend,
    fail,
    finish,
    open_session,
    release,
    requeue,
)
from tasks.ledger.policy import LONGEST_WAIT, judge
from tasks.ledger.tables import attempts, items, metadata, outbox, results

KINDS = ("missing-input", "out-of-memory", "bad-data", "tool-error", "no-licence")
# No sum of these is the length of a lease or of a wait, so that nothing hangs on the rounding of a clock.
JUMPS = st.sampled_from([7.31, 61.73, 4000.19, -45.7, -40_000_000.3])
BACK = st.integers(0, 3)
WORKER = Claimer(owner="worker", kinds=("movie",), lease=60)


@dataclass
class Expected:
    """What the ledger must say of an item."""

    payload: int
    state: str = "waiting"
    attempt: int = 0
    not_before: float = 0.0
    since: float = 0.0
    until: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)
    outcomes: list[str | None] = field(default_factory=list)

    def afresh(self, outcome: str) -> None:
        if self.state == "running":
            self.outcomes[-1] = outcome
        self.state, self.not_before, self.failures = "waiting", 0.0, {}
        self.attempt += 1
        self.outcomes.append(outcome)


def leased(machine: "Interleavings") -> bool:
    return bool(machine.leases)


class Interleavings(RuleBasedStateMachine):
    ledger: Ledger
    clock: object

    @initialize()
    def begin(self) -> None:
        def forget(connection) -> None:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())

        self.ledger.write(forget)
        open_session(self.ledger, Session(name="grid", kind="spa", folder=Path("/data")))
        self.leases: list[Lease] = []
        self.expected: dict[str, Expected] = {}
        self.messages: set[str] = set()
        self.results: dict[str, str] = {}
        self.pause = (0.0, 0.0)

    @property
    def now(self) -> float:
        return self.clock.time

    @rule(keys=st.lists(st.sampled_from("abc"), min_size=1, max_size=3), payload=st.integers(0, 1))
    def announce(self, keys: list[str], payload: int) -> None:
        self.told(keys, payload)
        arrive(self.ledger, [arrival(key, payload) for key in keys])

    def told(self, keys: list[str], payload: int) -> None:
        for key in keys:
            item = self.expected.setdefault(key, Expected(payload))
            if item.payload != payload:
                item.payload = payload
                item.afresh("announced-anew")

    @rule(limit=st.integers(1, 3))
    def take(self, limit: int) -> None:
        since, until = self.pause
        paused = since <= self.now < until
        ready = [key for key, item in self.expected.items() if item.state == "waiting" and item.not_before <= self.now]
        taken = claim(self.ledger, WORKER, limit)
        assert len(taken) == (0 if paused else min(limit, len(ready)))
        for lease in taken:
            assert lease.key in ready
            item = self.expected[lease.key]
            item.state, item.since, item.until = "running", self.now, self.now + 60
            item.attempt += 1
            item.outcomes.append(None)
            assert (lease.attempt, lease.payload, lease.failures) == (item.attempt, {"n": item.payload}, item.failures)
            self.leases.append(lease)

    def recent(self, back: int) -> Lease:
        """One of the latest leases, which often still hold and often do not."""
        return self.leases[-1 - back % len(self.leases)]

    def holds(self, lease: Lease) -> bool:
        item = self.expected[lease.key]
        return item.state == "running" and item.attempt == lease.attempt

    @precondition(leased)
    @rule(back=BACK, next_key=st.sampled_from("abxy"))
    def complete(self, back: int, next_key: str) -> None:
        lease = self.recent(back)
        mark = f"{lease.key} {lease.attempt}"
        item = self.expected[lease.key]
        work = (
            [Result(step="motion", digest=mark, result={}, tool="embedded")],
            [Message(target="ispyb", key=mark)],
            [arrival(next_key, 0)] if next_key in "xy" else [],
        )
        if self.holds(lease):
            finish(self.ledger, lease, *work)
            item.state, item.failures, item.outcomes[-1] = "done", {}, "done"
            self.messages.add(mark)
            self.results[lease.key] = mark
            self.told([next_key] if next_key in "xy" else [], 0)
        elif item.state == "done" and item.attempt == lease.attempt:
            finish(self.ledger, lease, *work)
        else:
            with pytest.raises(LeaseLostError):
                finish(self.ledger, lease, *work)

    @precondition(leased)
    @rule(back=BACK, kind=st.sampled_from(KINDS))
    def break_down(self, back: int, kind: str) -> None:
        lease = self.recent(back)
        failure = Failure(kind=kind, reason="as the machine wishes")
        if self.holds(lease):
            fail(self.ledger, lease, failure)
            self.failed(self.expected[lease.key], kind)
        else:
            with pytest.raises(LeaseLostError):
                fail(self.ledger, lease, failure)

    def failed(self, item: Expected, kind: str) -> None:
        verdict = judge(kind, item.failures.get(kind, 0))
        item.state, item.outcomes[-1] = verdict.state, kind
        item.not_before = self.now + verdict.wait if verdict.wait else 0.0
        if verdict.pause:
            self.pause = (self.now, self.now + verdict.pause)
        else:
            item.failures = item.failures | {kind: item.failures.get(kind, 0) + 1}

    @precondition(leased)
    @rule(back=BACK)
    def live(self, back: int) -> None:
        lease = self.recent(back)
        if self.holds(lease):
            extend(self.ledger, lease, 60)
            item = self.expected[lease.key]
            item.since, item.until = self.now, self.now + 60
        else:
            with pytest.raises(LeaseLostError):
                extend(self.ledger, lease, 60)

    @precondition(leased)
    @rule(back=BACK)
    def give_back(self, back: int) -> None:
        lease = self.recent(back)
        if self.holds(lease):
            release(self.ledger, lease, "stopped")
            item = self.expected[lease.key]
            item.state, item.outcomes[-1] = "waiting", "released"
        else:
            with pytest.raises(LeaseLostError):
                release(self.ledger, lease, "stopped")

    @rule(seconds=JUMPS, sweeps=st.booleans())
    def wait(self, seconds: float, *, sweeps: bool) -> None:
        self.clock.advance(seconds)
        if sweeps:
            self.sweep()

    def sweep(self) -> None:
        lost = {lease.key for lease, _ in expire(self.ledger)}
        expected = set()
        for key, item in self.expected.items():
            if item.state == "running" and item.since - self.now > item.until - item.since:
                item.since, item.until = self.now, self.now + item.until - item.since
            if item.state == "waiting" and item.not_before > self.now + LONGEST_WAIT:
                item.not_before = 0.0
            if item.state == "running" and item.until <= self.now:
                expected.add(key)
                self.failed(item, "lost-worker")
        assert lost == expected

    @rule(states=st.sets(st.sampled_from(["quarantined", "done", "running"]), min_size=1))
    def put_back(self, states: set[str]) -> None:
        chosen = [item for item in self.expected.values() if item.state in states]
        assert requeue(self.ledger, Selection(session="grid", states=tuple(states)), "operator") == len(chosen)
        for item in chosen:
            item.afresh("requeued")

    @invariant()
    def agrees(self) -> None:
        found = self.ledger.read(rows)
        assert found["items"] == {key: (item.state, item.attempt) for key, item in self.expected.items()}
        assert found["messages"] == sorted(self.messages)
        assert found["results"] == self.results
        assert found["attempts"] == {key: item.outcomes for key, item in self.expected.items() if item.outcomes}


def arrival(key: str, payload: int) -> Arrival:
    return Arrival(session="grid", kind="movie", key=key, payload={"n": payload})


def rows(connection) -> dict[str, object]:
    history: dict[str, list[str | None]] = {}
    query = (
        select(items.c.key, attempts.c.number, attempts.c.outcome).join(items).order_by(items.c.id, attempts.c.number)
    )
    for key, number, outcome in connection.execute(query):
        history.setdefault(key, []).append(outcome)
        assert number == len(history[key])
    states = select(items.c.key, items.c.state, items.c.attempt)
    return {
        "items": {key: (state, attempt) for key, state, attempt in connection.execute(states)},
        "messages": sorted(connection.scalars(select(outbox.c.key))),
        "results": dict(connection.execute(select(items.c.key, results.c.digest).join(items)).all()),
        "attempts": history,
    }


def test_no_interleaving_loses_or_doubles_an_item(ledger: Ledger, clock) -> None:
    machine = type("Interleavings", (Interleavings,), {"ledger": ledger, "clock": clock})
    effort = settings(max_examples=15, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=effort)
