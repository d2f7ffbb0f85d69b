"""Where the broker is, and how long we wait for it."""

from pika import URLParameters
from pydantic import SecretStr

from tasks.errors import InputError

_EXPECTED = "amqp://USER:PASSWORD@HOST:PORT/VHOST, or several of them with spaces between"
_SCHEMES = ("amqp://", "amqps://")
_HEARTBEAT = 60
"""Seconds: what a transaction of the ledger may take, and after twice of which a broker without a word is gone."""
_BLOCKED = 60.0
"""Seconds for which a broker that is short of memory or disk may let us wait."""


def addresses(url: SecretStr, name: str) -> list[URLParameters]:
    """Return the brokers of a cluster, to be tried one after the other; our name is shown on the broker's pages."""
    parts = url.get_secret_value().split()
    try:
        found = [URLParameters(part) for part in parts if part.startswith(_SCHEMES)]
    except (ValueError, TypeError):
        found = []
    if not found or len(found) < len(parts):
        # Not what was given, nor the error: both may hold the password.
        raise InputError("broker", "no URL of a broker", _EXPECTED) from None
    for one in found:
        one.heartbeat = _HEARTBEAT if one.heartbeat is None else one.heartbeat
        one.blocked_connection_timeout = one.blocked_connection_timeout or _BLOCKED
        one.client_properties = {"connection_name": name}
    return found
