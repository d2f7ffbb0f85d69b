"""What lies in queues that nobody consumes: messages that we could not use, answers that Murfey has refused."""

from collections.abc import Iterator, Sequence

from flows.murfey.reconcile import Finding
from tasks.broker import Broker, BrokerError
from tasks.ledger import Session
from tasks.settings import Settings

_DEAD = "dlq."
"""What Murfey's queue of dead letters is called, before the name of the queue that they were in."""


def left_in_queues(settings: Settings, sessions: Sequence[Session]) -> list[Finding]:
    """Return what somebody should look at; that the broker cannot be reached is one such thing."""
    if settings.broker is None:
        return []
    try:
        with Broker(settings.broker, "cryoem-flows sweep") as broker:
            return [*_left(broker, settings.parked_queue, sorted({*_feedback_queues(sessions)}))]
    except BrokerError as reason:
        return [Finding(about="broker", words=f"the broker cannot be reached: {reason}")]


def _left(broker: Broker, parked: str, feedback: Sequence[str]) -> Iterator[Finding]:
    if number := _waiting(broker, parked):
        words = f"{number} messages are parked in {parked}, each with the reason in its header x-parked-reason"
        yield Finding(about=parked, words=words)
    for queue in feedback:
        if number := _waiting(broker, _DEAD + queue):
            words = (
                f"{number} answers were refused by Murfey, in {_DEAD}{queue}; murfey.repost_failed_calls repeats them"
            )
            yield Finding(about=_DEAD + queue, words=words)


def _waiting(broker: Broker, queue: str) -> int:
    return broker.waiting(queue) if broker.has(queue) else 0


def _feedback_queues(sessions: Sequence[Session]) -> Iterator[str]:
    for session in sessions:
        murfey = session.identifiers.get("murfey")
        queue = murfey.get("feedback_queue") if isinstance(murfey, dict) else None
        if isinstance(queue, str):
            yield queue
