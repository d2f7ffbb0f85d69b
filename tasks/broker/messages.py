"""Messages and what is written on their envelopes."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pika import BasicProperties

PERSISTENT = 2
"""Delivery mode of what outlives a restart of the broker."""
_LONGEST = 255
"""Bytes that AMQP has for the identity of a message; paths in it may be longer."""


@dataclass(frozen=True)
class Received:
    """A message in our hands: it is the broker's until we settle it."""

    queue: str
    body: bytes
    properties: BasicProperties
    number: int
    """Its number on our connection."""
    redelivered: bool = False
    """Somebody, perhaps we, had it before and did not settle it."""

    @property
    def headers(self) -> dict[str, Any]:
        """Headers of the envelope; none if the message came without a table of them."""
        return dict(self.properties.headers or {})


def new_properties(identity: str | None = None) -> BasicProperties:
    """Return the envelope of a message of ours, which outlives a restart of the broker.

    There is always a table of headers, be it empty: without one the consumer of Murfey dies. The identity says which
    event the message tells of, for those who wonder whether they have seen it before.
    """
    return BasicProperties(headers={}, delivery_mode=PERSISTENT, message_id=_short(identity))


def _short(identity: str | None) -> str | None:
    """Return an identity, or what stands for one that is too long for the envelope: the broker would refuse it."""
    text = (identity or "").encode()
    return identity if len(text) <= _LONGEST else sha256(text).hexdigest()


def properties_again(properties: BasicProperties, headers: Mapping[str, Any]) -> BasicProperties:
    """Return the envelope of a message for its way to another queue, with these headers.

    Left out is what would make the broker refuse it (the user who sent it first), or deliver it once more to others
    (copies that it has delivered already).
    """
    again = copy(properties)
    again.headers = {name: _writable(value) for name, value in headers.items() if name != "CC"}
    again.user_id = None
    return again


def _writable(value: Any) -> Any:  # noqa: ANN401 - any header
    """Return a header as our client can write it: it reads floating-point numbers, but can write them as text only."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list):
        return [_writable(each) for each in value]
    if isinstance(value, dict):
        return {name: _writable(each) for name, each in value.items()}
    return value
