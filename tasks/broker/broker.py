"""A connection to the broker."""

import logging
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

from pika import BasicProperties, BlockingConnection
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError, ChannelClosedByBroker
from pika.spec import Basic
from pydantic import SecretStr

from tasks.broker.address import addresses
from tasks.broker.errors import BrokerError, as_ours
from tasks.broker.messages import Received

# All that its client logs as an error, in a dozen lines, is raised too.
logging.getLogger("pika").setLevel(logging.CRITICAL)

_NOT_FOUND = 404


class Broker:
    """A connection to the broker, for one thread. After a BrokerError it is of no use: make another.

    Somebody must call ``receive`` within each heartbeat (a minute), or the broker takes us for dead.
    """

    def __init__(self, url: SecretStr, name: str = "cryoem-flows") -> None:
        self._received: deque[Received] = deque()
        self._consumers: list[str] = []
        self._cancelled: str | None = None
        where = addresses(url, name)
        with as_ours("no connection to the broker"):
            self._connection = BlockingConnection(where)
            self._incoming: BlockingChannel = self._connection.channel()
            self._outgoing: BlockingChannel = self._connection.channel()
            self._outgoing.confirm_delivery()

    def __enter__(self) -> Self:
        """Return the connection."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the connection; what is not settled goes back to its queue."""
        with suppress(AMQPError, OSError):
            self._connection.close()

    def has(self, queue: str) -> bool:
        """Tell whether there is a queue of this name."""
        with as_ours(f"looking for the queue {queue}"):
            # A question for a queue that is not there costs the channel.
            channel = self._connection.channel()
            try:
                channel.queue_declare(queue, passive=True)
            except ChannelClosedByBroker as error:
                if error.reply_code == _NOT_FOUND:
                    return False
                raise
            channel.close()
            return True

    def ensure(self, queue: str) -> bool:
        """Make a durable queue and tell so, unless there is one of this name, however it was made."""
        if self.has(queue):
            return False
        with as_ours(f"making the queue {queue}"):
            self._incoming.queue_declare(queue, durable=True)
        return True

    def waiting(self, queue: str) -> int:
        """Return how many messages of a queue are in nobody's hands."""
        with as_ours(f"counting what waits in the queue {queue}"):
            return int(self._incoming.queue_declare(queue, passive=True).method.message_count)

    def consume(self, queues: Sequence[str], at_once: int) -> None:
        """Let the messages of some queues come, of each queue not more than ``at_once`` that are not settled."""
        with as_ours(f"consuming {' and '.join(queues)}"):
            self._incoming.basic_qos(prefetch_count=at_once)
            self._incoming.add_on_cancel_callback(self._cancel)
            self._consumers += [self._incoming.basic_consume(queue, partial(self._take, queue)) for queue in queues]

    def leave(self) -> list[Received]:
        """Let no more messages come; return those that have come."""
        received = self.receive(sys.maxsize, 0)
        with as_ours("leaving the queues"):
            for consumer in self._consumers:
                self._incoming.basic_cancel(consumer)
        return received

    def receive(self, limit: int, seconds: float) -> list[Received]:
        """Return the messages that have come, in their order; wait so many seconds at most for the first."""
        with as_ours("waiting for messages"):
            self._connection.process_data_events(0 if self._received else seconds)
        self._check()
        return [self._received.popleft() for _ in range(min(limit, len(self._received)))]

    def rest(self, seconds: float) -> None:
        """Let time go by without being taken for dead."""
        with as_ours("waiting"):
            self._connection.sleep(seconds)
        self._check()

    def settle(self, last: Received) -> None:
        """Tell the broker that this message and all that came before it are done with."""
        with as_ours("settling messages"):
            self._incoming.basic_ack(last.number, multiple=True)

    def publish(self, queue: str, body: bytes, properties: BasicProperties) -> None:
        """Hand a message over; when this returns, the broker has it in its queue, and on its disk if it is to last.

        Raises NoQueueError if there is no such queue. After another BrokerError the broker has it or not.
        """
        with as_ours(f"publishing to the queue {queue}"):
            self._outgoing.basic_publish("", queue, body, properties, mandatory=True)

    def fetch(self, queue: str) -> Received | None:
        """Take one message from a queue that we do not consume, if there is one."""
        with as_ours(f"fetching from the queue {queue}"):
            method, properties, body = self._incoming.basic_get(queue)
        return None if method is None else Received(queue, body, properties, method.delivery_tag, method.redelivered)

    def _take(
        self, queue: str, _channel: BlockingChannel, method: Basic.Deliver, properties: BasicProperties, body: bytes
    ) -> None:
        self._received.append(Received(queue, body, properties, method.delivery_tag, method.redelivered))

    def _cancel(self, _frame: object) -> None:
        self._cancelled = "the broker has ended our subscription: a queue was deleted, or its machine is gone"

    def _check(self) -> None:
        """Raise what no call would raise: that nothing will come any more."""
        if self._cancelled:
            raise BrokerError(self._cancelled)
        if not self._incoming.is_open:
            raise BrokerError("the broker has closed our channel, as it does when a message is not settled for long")
