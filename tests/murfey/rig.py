"""The scripted Murfey and the ledger, without a broker between them: what is sent arrives, as often as a test wants.

What is received, planned, answered and told to ISPyB is the real thing; the work on items is done by stand-ins.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random

from murfey.scripted import Body, ScriptedMurfey
from murfey.stand_ins import WORK, Work
from sqlalchemy import update

from flows.items import settle
from flows.murfey.dispatch import receive
from flows.murfey.gateway_desks import receive_fit
from flows.outboxes import TARGETS, deliver_to
from flows.spa_live import followed
from tasks.errors import InputError
from tasks.ledger import Claimer, Lease, Ledger, Result, all_sessions, claim, posted, sent, take, waiting
from tasks.ledger.tables import outbox

QUEUES = ("murfey_feedback",)
TOLD = ("answers", "ispyb")
_TURNS = 300


@dataclass
class Rig:
    """Passes on what is said until nobody has anything to say."""

    murfey: ScriptedMurfey
    ledger: Ledger
    work: dict[str, Work] = field(default_factory=lambda: dict(WORK))
    deliveries: int = 1
    """How often the broker delivers each request."""
    random: Random | None = None
    """Mixes the order in which requests arrive and items are done, if any."""
    crashes: bool = False
    """Whether each message to Murfey is first taken by a sender that dies before it has sent it."""
    done: Counter[str] = field(default_factory=Counter)
    """Items that were worked on, by kind."""
    _seen: int = 0
    _fits: int = 0

    def run(self) -> None:
        """Go on until nothing changes."""
        for _ in range(_TURNS):
            if not self._turn():
                return
        raise AssertionError(f"it never ends: {self.done}")

    def told(self, register: str) -> list[Body]:
        """Return what Murfey was told and has understood."""
        return [body for body in self.murfey.heard if body["register"] == register]

    def asked(self) -> dict[str, int]:
        """Count Murfey's requests by recipe."""
        return dict(Counter(request["recipes"][0] for request in self.murfey.requests))

    def fail(self, kind: str, *, unless: Callable[[Lease], bool] = lambda lease: False) -> None:
        """Have items of a kind given up."""
        real = self.work[kind]

        def work(ledger: Ledger, lease: Lease) -> Iterator[Result]:
            if not unless(lease):
                raise InputError(lease.key, "nothing of use", "data")
            return real(ledger, lease)

        self.work[kind] = work

    def _turn(self) -> bool:
        changed = self._receive()
        for session in all_sessions(self.ledger):
            if session.kind == "spa":
                changed |= bool(followed(self.ledger, session.name))
        changed |= self.do()
        for target in TOLD:
            if target in TARGETS:
                changed |= bool(deliver_to(self.ledger, target, TARGETS[target]))
        return self._publish() or changed

    def _receive(self) -> bool:
        new = self.murfey.requests[self._seen :]
        self._seen += len(new)
        if self.random:
            self.random.shuffle(new)
        for request in new:
            for count in range(self.deliveries):
                receive(self.ledger, json.dumps(request).encode(), count > 0)
        fits = self.murfey.to_ispyb[self._fits :]
        self._fits += len(fits)
        for fit in fits:
            receive_fit(self.ledger, json.dumps(fit).encode(), False)
        return bool(new or fits)

    def do(self) -> bool:
        kinds = sorted({found.kind for found in waiting(self.ledger)})
        if self.random:
            self.random.shuffle(kinds)
        for kind in kinds:
            for lease in claim(self.ledger, Claimer(owner="stand-in", kinds=(kind,)), 1000):
                self.done[kind] += 1
                with suppress(InputError):
                    settle(self.ledger, lease, partial(self._work, lease))
        return bool(kinds)

    def _work(self, lease: Lease) -> Iterator[Result]:
        if reason := lease.payload.get("unknown"):
            raise InputError(lease.key, str(reason), "something that the session has told of")
        yield from self.work[lease.kind](self.ledger, lease)

    def _publish(self) -> bool:
        if self.crashes and take(self.ledger, "murfey", 100):
            with self.ledger.engine.begin() as connection:
                connection.execute(update(outbox).where(outbox.c.target == "murfey").values(next_try=0.0))
        deliveries = take(self.ledger, "murfey", 100)
        for delivery in deliveries:
            assert delivery.payload["queue"] in QUEUES
            self.murfey.deliver(json.dumps(delivery.payload["body"]).encode(), {})
            sent(self.ledger, [delivery])
        return bool(deliveries)


def undelivered(ledger: Ledger) -> Mapping[str, Mapping[str, int]]:
    """Return what is not sent, by target and state."""
    found = {target: posted(ledger, target) for target in (*TOLD, "murfey")}
    return {
        target: open_ for target, those in found.items() if (open_ := {k: n for k, n in those.items() if k != "sent"})
    }
