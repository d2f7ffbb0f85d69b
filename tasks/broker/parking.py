"""Messages that are not for us, or of no use to us: passed on, or parked with the reason; never taken again and again.

Each is first published where it goes, which the broker confirms, and then settled: who dies between leaves it twice,
but not lost.
"""

from datetime import UTC, datetime

from tasks.broker.broker import Broker
from tasks.broker.messages import PERSISTENT, Received, properties_again

REASON, FROM, AT = "x-parked-reason", "x-parked-from", "x-parked-at"
_LONGEST = 2000
"""Characters of a reason: all headers together must fit in a frame of 128 KiB."""


def park(broker: Broker, message: Received, queue: str, reason: str) -> str:
    """Publish a message to the queue of the parked ones, with the reason, its queue and the time in its headers.

    Returns the reason as it stands there: it may quote half a character, which JSON may hold, but no header and no log.
    """
    text = reason[:_LONGEST].encode(errors="backslashreplace").decode()
    said = {REASON: text, FROM: message.queue, AT: datetime.now(UTC).isoformat(timespec="seconds")}
    properties = properties_again(message.properties, message.headers | said)
    # Whatever time its sender gave it to live, it waits for somebody who reads why.
    properties.expiration, properties.delivery_mode = None, PERSISTENT
    broker.publish(queue, message.body, properties)
    return text


def pass_on(broker: Broker, message: Received, queue: str) -> None:
    """Publish a message to the queue of somebody else as it came."""
    broker.publish(queue, message.body, properties_again(message.properties, message.headers))


def put_back(broker: Broker, parked: str, queue: str) -> int:
    """Give the parked messages another chance, in the queues that they came from; return their number.

    Those that are parked meanwhile are left for the next time. A message that does not say whence goes to ``queue``.
    """
    waiting = broker.waiting(parked)
    for count in range(waiting):
        message = broker.fetch(parked)
        if message is None:
            return count
        headers = {name: value for name, value in message.headers.items() if name not in {REASON, FROM, AT}}
        whence = str(message.headers.get(FROM, queue))
        broker.publish(whence, message.body, properties_again(message.properties, headers))
        broker.settle(message)
    return waiting
