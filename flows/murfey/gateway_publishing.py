"""What Murfey must be told, from the outbox to its queue: in order, each once, and no faster than it can take it."""

import json
import logging
import time
from collections.abc import Callable

from pydantic import JsonValue, ValidationError

from flows.items import MURFEY
from flows.murfey.gateway_metrics import Metrics
from tasks.broker import Broker, BrokerError, NoQueueError, new_properties
from tasks.ledger import Delivery, Ledger, failed, sent, take
from tasks.models import Model

_log = logging.getLogger(__name__)

_SECONDS = 300.0
"""How long we may take for a message until another sender, or we after a restart, may take it for not sent."""
_MARGIN = 60.0
_POLL = 1.0
"""Seconds between looks into an outbox in which nothing was due."""


class Outgoing(Model):
    """A message for Murfey, as it stands in the outbox."""

    queue: str
    """Queue in which Murfey awaits it."""
    body: dict[str, JsonValue]


class Publisher:
    """Publish messages at a rate.

    What was published is remembered until the ledger knows, and what could not be published until there is a broker
    again, so that neither a ledger nor a broker that is away has a message sent twice or before an earlier one.
    """

    def __init__(
        self, ledger: Ledger, rate: float, metrics: Metrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger, self._interval, self._metrics, self._clock = ledger, 1 / rate, metrics, clock
        self._published: Delivery | None = None
        self._held: tuple[Delivery, float] | None = None
        self._next = clock()

    def publish(self, broker: Broker) -> bool:
        """Publish the next message that is due, if it is time; tell whether there was one."""
        self.say()
        if self._clock() < self._next:
            return False
        delivery = self._take()
        self._next = self._clock() + (self._interval if delivery else max(_POLL, self._interval))
        if delivery is None:
            return False
        self._publish(broker, delivery)
        self.say()
        return True

    def wait(self) -> float:
        """Return the seconds until the next message may be published."""
        return max(0.0, self._next - self._clock())

    def say(self) -> None:
        """Tell the ledger what was published, if it does not know."""
        if self._published:
            sent(self._ledger, [self._published])
            self._published = None

    def _take(self) -> Delivery | None:
        """Return the message that was not published the last time, unless it may be in other hands; or the next."""
        held, self._held = self._held, None
        if held and self._clock() < held[1]:
            return held[0]
        return next(iter(take(self._ledger, MURFEY, 1, _SECONDS)), None)

    def _publish(self, broker: Broker, delivery: Delivery) -> None:
        until = self._clock() + _SECONDS - _MARGIN
        try:
            message = Outgoing.model_validate(delivery.payload)
            body = json.dumps(message.body, allow_nan=False).encode()
            broker.publish(message.queue, body, new_properties(delivery.key))
        except ValidationError as error:
            self._fail(delivery, str(error), rejected=True)
        except NoQueueError as error:
            self._fail(delivery, str(error))
        except BrokerError:
            # Whether Murfey hears of it is open. It is told again: twice costs it some work, never its whole session.
            _log.warning("whether %s was published is not known; it is published again", delivery.key)
            self._held = delivery, until
            raise
        else:
            self._published = delivery
            self._metrics.published.labels("sent").inc()

    def _fail(self, delivery: Delivery, reason: str, *, rejected: bool = False) -> None:
        _log.warning("%s is not published: %s", delivery.key, reason)
        self._metrics.published.labels("dead" if rejected else "failed").inc()
        failed(self._ledger, delivery, reason, rejected=rejected)
