"""What becomes of a message: it stands in the ledger, is passed on to whom it is for, or is parked with the reason."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from flows.murfey.gateway_metrics import Metrics
from tasks.broker import Broker, NoQueueError, Received, park, pass_on
from tasks.errors import InputError
from tasks.ledger import Arrival, Ledger, LedgerError

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
    """Take messages, one by one."""

    ledger: Ledger
    desks: Mapping[str, Desk]
    """By the queue that the messages come from."""
    parked: str
    metrics: Metrics = field(repr=False)

    def take(self, broker: Broker, message: Received) -> Sequence[Arrival]:
        """See to it that a message can be settled, whatever it is; return what has arrived by it.

        Raises LedgerError or BrokerError if that is not possible now; then it is to be taken again.
        """
        desk = self.desks[message.queue]
        try:
            with self.metrics.handling.time():
                taken = desk.receive(self.ledger, message.body, message.redelivered)
        except LedgerError:
            raise
        except InputError as reason:
            self._park(broker, message, str(reason))
            return ()
        except Exception as error:  # noqa: BLE001 - one message must not keep us from all that come after it
            # It waits there for us to mend what is wrong.
            _log.exception("a message from %s is parked, by an error of ours", message.queue)
            self._park(broker, message, f"an error of ours: {type(error).__name__}: {error}")
            return ()
        if not taken.ours:
            self._pass_on(broker, message, desk.foreign, taken.recipe)
            return ()
        self._count(message, taken.recipe, "taken")
        return taken.arrivals

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
        # Half a character, which JSON may hold, can be written to no log.
        said = reason.encode(errors="backslashreplace").decode()
        _log.warning("parked in %s: a message from %s: %s", self.parked, message.queue, said)
        park(broker, message, self.parked, said)
        self._count(message, "other", "parked")

    def _count(self, message: Received, recipe: str, outcome: Outcome) -> None:
        # Recipes that are not ours are not told apart: a sender could make up any number of them.
        self.metrics.messages.labels(message.queue, recipe, outcome).inc()
