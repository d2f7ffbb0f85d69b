"""What becomes of a message: it stands in the ledger, is passed on to whom it is for, or is parked with the reason."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from flows.murfey.gateway_metrics import Metrics
from tasks.broker import Broker, NoQueueError, Received, park, pass_on
from tasks.errors import InputError
from tasks.ledger import Arrival, Ledger, together

_log = logging.getLogger(__name__)

Outcome = Literal["taken", "passed on", "parked"]


@dataclass(frozen=True)
class Taken:
    """What a message has come to."""

    recipe: str
    """What it asks for."""
    ours: bool = True
    arrivals: Sequence[Arrival] = ()
    """What is to be done for it that was not to be done before."""


Receive = Callable[[Ledger, bytes, bool], Taken]
"""Writes down what a message asks for; told whether the broker has delivered it before."""


@dataclass(frozen=True)
class Desk:
    """Where the messages of one queue are received, and where those go that are not ours."""

    receive: Receive
    foreign: str | None = None


@dataclass(frozen=True)
class Intake:
    """Take messages: several in one transaction, if they have come."""

    ledger: Ledger
    desks: Mapping[str, Desk]
    """By the queue that the messages come from."""
    parked: str
    metrics: Metrics = field(repr=False)

    def take(self, broker: Broker, messages: Sequence[Received]) -> list[Sequence[Arrival]]:
        """See to it that messages can be settled, whatever they are; return what has arrived by each of the first.

        Of several the last may be left for the next time. Raises LedgerError or BrokerError if that is not possible
        now; then they are to be taken again.
        """
        begun = time.monotonic()
        outcomes = together(self.ledger, [self._receive(message) for message in messages])
        seconds = time.monotonic() - begun
        taken = list(zip(messages, outcomes, strict=False))
        for _ in taken:
            self.metrics.handling.observe(seconds)
        return [self._arrived(broker, message, outcome) for message, outcome in taken]

    def _receive(self, message: Received) -> Callable[[Ledger], Taken]:
        receive = self.desks[message.queue].receive
        return lambda ledger: receive(ledger, message.body, message.redelivered)

    def _arrived(self, broker: Broker, message: Received, outcome: Taken | Exception) -> Sequence[Arrival]:
        """Let a message go where it belongs; return what has arrived by it."""
        match outcome:
            case InputError():
                self._park(broker, message, str(outcome))
            case Exception():
                # It waits there for us to mend what is wrong.
                _log.error("a message from %s is parked, by an error of ours", message.queue, exc_info=outcome)
                self._park(broker, message, f"an error of ours: {type(outcome).__name__}: {outcome}")
            case Taken(ours=False):
                self._pass_on(broker, message, self.desks[message.queue].foreign, outcome.recipe)
            case Taken():
                self._count(message, outcome.recipe, "taken")
                return outcome.arrivals
        return ()

    def _pass_on(self, broker: Broker, message: Received, queue: str | None, recipe: str) -> None:
        if queue is None:
            self._park(broker, message, f"{recipe} is not ours, and no queue is set to pass it on to")
            return
        try:
            pass_on(broker, message, queue)
        except NoQueueError:
            self._park(broker, message, f"{recipe} is not ours, and there is no queue {queue} to pass it on to")
            return
        _log.info("passed on to %s: %s", queue, recipe[:80])
        self._count(message, "other", "passed on")

    def _park(self, broker: Broker, message: Received, reason: str) -> None:
        said = park(broker, message, self.parked, reason)
        _log.warning("parked in %s: a message from %s: %s", self.parked, message.queue, said)
        self._count(message, "other", "parked")

    def _count(self, message: Received, recipe: str, outcome: Outcome) -> None:
        # Recipes that are not ours are not told apart: a sender could make up any number of them.
        self.metrics.messages.labels(message.queue, recipe, outcome).inc()
