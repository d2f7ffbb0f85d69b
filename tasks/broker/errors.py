"""What can go wrong with the broker."""

from collections.abc import Iterator
from contextlib import contextmanager

from pika.exceptions import AMQPError, UnroutableError

from tasks.errors import CryoemError


class BrokerError(CryoemError):
    """The broker cannot be reached, has refused something or was lost; whether it heard what we said last is open."""


class NoQueueError(BrokerError):
    """There is no queue of that name: the broker has given the message back."""


@contextmanager
def as_ours(doing: str) -> Iterator[None]:
    """Turn what the client raises into an error of ours, which says what was tried."""
    try:
        yield
    except UnroutableError as error:
        raise NoQueueError(f"the broker has no such queue: {doing}") from error
    except (AMQPError, OSError) as error:
        # Some of them say nothing but what they hold.
        raise BrokerError(f"{doing}: {str(error) or repr(error)}") from error
