"""Murfey and the plan of a session play against each other: whatever fails, and in whatever order, nothing is held."""

import json
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from found_of_particles import results_for
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from murfey.scripted import ScriptedMurfey, Site
from sqlalchemy import select

from flows.items import ANSWERS, MURFEY, settle
from flows.murfey.answering import answer
from flows.murfey.dispatch import receive
from flows.murfey.wishes import with_request
from flows.outboxes import deliver_to
from flows.spa_live import advance
from flows.spa_sessions import SpaSession
from tasks.errors import InputError, ResultError
from tasks.ledger import Claimer, Ledger, Selection, claim, find_session, requeue, sent, take
from tasks.ledger.tables import items, metadata, outbox

MOVIES = 20
PICKS = 30
KINDS = ("movie", "extraction", "particle_file", "particle_batch", "classification_3d", "refinement", "b_factor")
RULES = """
spa:
  incomplete_batch_size: 60
  batch_size_3d: 100
  quiet_after: 1000000
"""


class Rig:
    """A scripted Murfey, the ledger, and a worker that finds what it is told to find."""

    def __init__(self, ledger: Ledger, folder: Path, random: Random, share_of_failures: float) -> None:
        self.ledger, self.random, self.failures = ledger, random, share_of_failures
        site = Site(base=folder, sizes_for_diameter=100, classes_2d=3, batch_size=120)
        self.murfey = ScriptedMurfey(site)
        self.spa = self.murfey.spa()
        self.received, self.session = 0, ""

    def announce(self, number: int) -> None:
        """Have a movie announced, some of them twice."""
        for _ in range(1 + (self.random.random() < 0.1)):
            self.spa.movie(f"FoilHole_{number}_fractions.tiff")

    def receive(self) -> bool:
        """Receive the next request; the broker delivers some of them twice."""
        if self.received == len(self.murfey.requests):
            return False
        body = json.dumps(self.murfey.requests[self.received]).encode()
        for again in (False, True)[: 1 + (self.random.random() < 0.2)]:
            arrived = receive(self.ledger, body, redelivered=again).arrivals
            self.session = arrived[0].session if arrived else self.session
        self.received += 1
        return True

    def work(self) -> bool:
        """Do an item of any kind, or fail for good."""
        kinds = tuple(self.random.sample(KINDS, len(KINDS)))
        order = self.random.choice(["newest", "oldest"])
        for lease in claim(self.ledger, Claimer(owner="worker", kinds=kinds, order=order), 1):
            fails = lease.kind != "movie" and self.random.random() < self.failures

            def found(lease=lease, fails=fails):
                session = find_session(self.ledger, lease.session)
                with_request(SpaSession.of(session), lease.payload)
                results = results_for(lease, session.folder, PICKS)
                if fails:
                    yield from results[: self.random.randrange(len(results) + 1)]
                    raise ResultError("nothing came of it")
                yield from results

            # What fails is given up; anything else but these would be a mistake of ours.
            with suppress(ResultError, InputError):
                settle(self.ledger, lease, found)
            return True
        return False

    def follow(self) -> bool:
        return bool(self.session) and bool(advance(self.ledger, self.session))

    def tell(self) -> bool:
        return bool(deliver_to(self.ledger, ANSWERS, answer))

    def publish(self) -> bool:
        deliveries = take(self.ledger, MURFEY, 1)
        for delivery in deliveries:
            assert delivery.payload["queue"] == "murfey_feedback"
            self.murfey.deliver(json.dumps(delivery.payload["body"], allow_nan=False).encode(), {})
        sent(self.ledger, deliveries)
        return bool(deliveries)

    def play(self) -> None:
        """Do one thing or another until nothing is left to be done."""
        steps = [self.receive, self.work, self.follow, self.tell, self.publish]
        while True:
            if self.random.choice(steps)():
                continue
            if not sum(step() for step in steps):
                return


def rows(ledger: Ledger, *columns) -> list[tuple]:
    return [tuple(row) for row in ledger.read(lambda connection: connection.execute(select(*columns)).all())]


def empty(ledger: Ledger) -> None:
    def forget(connection) -> None:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())

    ledger.write(forget)


@pytest.fixture
def parameters(tmp_path, monkeypatch) -> Path:
    file = tmp_path / "murfey.yaml"
    file.write_text(RULES)
    monkeypatch.setenv("CRYOEM_FLOWS_MURFEY_PARAMETERS", str(file))
    return file


@pytest.mark.usefixtures("parameters", "emitted")
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.0, 0.15, 0.4]))
def test_no_hold_is_left_and_nothing_is_refused(ledger, tmp_path, seed, share):
    empty(ledger)
    random = Random(seed)
    rig = Rig(ledger, tmp_path, random, share)
    for number in range(MOVIES):
        rig.announce(number)
        for _ in range(random.randrange(20)):
            random.choice([rig.receive, rig.work, rig.follow, rig.tell, rig.publish])()
    rig.play()

    assert rig.murfey.dead == []
    assert not any(rig.murfey.holds().values())
    assert all(movie["preprocessed"] for movie in rig.spa.movies.values())
    assert {state for (state,) in rows(ledger, items.c.state)} <= {"done", "quarantined"}
    check_answers(ledger, rig)
    again_changes_nothing(ledger, rig)


def check_answers(ledger: Ledger, rig: Rig) -> None:
    """Each request that Murfey waits for has exactly one answer of the kind that it waits for."""
    heard = Counter(body["register"] for body in rig.murfey.heard)
    asked = Counter(body["recipes"][0] for body in rig.murfey.requests)
    assert heard["picked_particles"] == asked["em-spa-preprocess"]
    of_batches = ("done_incomplete_2d_batch", "save_class_selection_score", "done_class_selection")
    assert sum(heard[register] for register in of_batches) == asked["em-spa-class2d"]
    assert heard["done_3d_batch"] == asked["em-spa-class3d"]
    assert heard["done_refinement"] == asked["em-spa-refine"]
    assert heard["done_bfactor"] == asked["em-spa-bfactor"]
    registers = [body["register"] for body in rig.murfey.heard]
    if "save_initial_model" in registers:
        assert registers.index("save_initial_model") < registers.index("done_3d_batch")


def again_changes_nothing(ledger: Ledger, rig: Rig) -> None:
    """Doing all again, and telling of all again, is nothing to Murfey."""
    before = rows(ledger, outbox.c.target, outbox.c.key, outbox.c.payload)
    told = [row for row in before if row[0] == MURFEY]
    requeue(ledger, Selection(session=rig.session, states=("done",)), "a user")
    rig.failures = 0.0
    rig.play()
    after = [row for row in rows(ledger, outbox.c.target, outbox.c.key, outbox.c.payload) if row[0] == MURFEY]
    assert after == told
