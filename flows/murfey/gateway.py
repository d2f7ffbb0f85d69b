"""The gateway: what Murfey asks for comes into the ledger, and what became of it goes back to Murfey.

A message is settled only when what it asks for stands in the ledger, or itself in another queue. Whoever dies between
has it come again, and then it changes nothing. While the ledger is away messages are kept in hand: given back, a queue
with a limit of deliveries would throw them away.
"""

import logging
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event

from pydantic import SecretStr

from flows.murfey.gateway_events import Announcer
from flows.murfey.gateway_health import Health, Part
from flows.murfey.gateway_intake import Intake
from flows.murfey.gateway_metrics import Metrics
from flows.murfey.gateway_publishing import Publisher
from tasks.broker import Backoff, Broker, BrokerError, Received
from tasks.ledger import Ledger, LedgerError
from tasks.ledger.overdue import unsent

_log = logging.getLogger(__name__)

_AT_ONCE = 50
"""Messages of a queue in our hands."""
_WAIT = 0.5
"""Seconds for a message to come, until something else is looked after."""
_COUNT = 10.0
"""Seconds between counts of what waits in the queues."""
_STEADY = 30.0
"""Seconds after which a connection was worth something: the next is tried at once."""


@dataclass
class Gateway:
    """Serve Murfey until told to stop."""

    url: SecretStr
    ledger: Ledger
    intake: Intake
    publisher: Publisher
    announcer: Announcer
    health: Health
    metrics: Metrics
    retry: Backoff = field(default_factory=Backoff)
    ledger_retry: Backoff = field(default_factory=lambda: Backoff(0.5, 10.0))

    def run(self, stop: Event) -> None:
        """Connect, serve, and connect again, until told to stop."""
        while not stop.is_set():
            begun = time.monotonic()
            try:
                # Messages come only to those who can keep them.
                unsent(self.ledger, 0.0)
                with Broker(self.url, "cryoem-flows murfey") as broker:
                    self._prepare(broker)
                    self._serve(broker, stop)
            except BrokerError as reason:
                self._lost("broker", reason)
            except LedgerError as reason:
                self._lost("ledger", reason)
            if time.monotonic() - begun > _STEADY:
                self.retry.reset()
            stop.wait(self.retry.wait())
        self._finish()

    def _prepare(self, broker: Broker) -> None:
        queues = list(self.intake.desks)
        for queue in (*queues, self.intake.parked):
            if broker.ensure(queue):
                _log.warning("there was no queue %s: made it", queue)
        broker.consume(queues, _AT_ONCE)
        self.metrics.connections.inc()
        _log.info("connected; what comes in %s is taken", " and ".join(queues))

    def _serve(self, broker: Broker, stop: Event) -> None:
        """Take messages and publish, until told to stop or the broker is lost."""
        hand = deque[Received]()
        count = 0.0
        while not stop.is_set():
            if time.monotonic() > count:
                self._count(broker)
                count = time.monotonic() + _COUNT
            if not hand:
                hand.extend(broker.receive(_AT_ONCE, min(_WAIT, self.publisher.wait())))
            self.health.reached("broker")
            try:
                self._work(broker, hand)
                self.announcer.tell()
                self.publisher.publish(broker)
            except LedgerError as reason:
                self._lost("ledger", reason)
                broker.rest(self.ledger_retry.wait())
            else:
                self.ledger_retry.reset()
        # What goes back to its queue counts as delivered there, which may have a limit of that.
        hand.extend(broker.leave())
        with suppress(LedgerError):
            self._work(broker, hand)

    def _work(self, broker: Broker, hand: deque[Received]) -> None:
        """Take the messages in hand; settle at once all those that were taken."""
        taken: Received | None = None
        count = len(hand)
        try:
            while hand:
                for arrivals in self.intake.take(broker, list(hand)):
                    self.announcer.add(arrivals)
                    taken = hand.popleft()
        finally:
            if taken:
                broker.settle(taken)
                self.health.reached("ledger")
                _log.info("settled: %d messages", count - len(hand))

    def _count(self, broker: Broker) -> None:
        """See how much waits in the queues, by which we also know that the broker answers."""
        for queue in (*self.intake.desks, self.intake.parked):
            self.metrics.waiting.labels(queue).set(broker.waiting(queue))

    def _lost(self, part: Part, reason: Exception) -> None:
        _log.warning("%s; trying again", reason)
        self.health.lost(part, str(reason))
        self.metrics.losses.labels(part).inc()

    def _finish(self) -> None:
        """Say what is not said yet; what cannot be said now is found in the ledger."""
        self.announcer.tell(at_once=True)
        with suppress(LedgerError):
            self.publisher.say()
