"""The gateway of a site, in a thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from flows.murfey.gateway_health import Health
from flows.murfey.gateway_metrics import Metrics
from flows.murfey.gateway_service import serve
from tasks.ledger import open_ledger
from tasks.settings import Settings


@contextmanager
def gateway(settings: Settings) -> Iterator[None]:
    """The gateway, until it is told to stop."""
    stop, health = Event(), Health()
    ledger = open_ledger(settings.ledger.get_secret_value(), patience=5)
    given = (settings, settings.broker, ledger, None, health, Metrics(health), stop)
    thread = Thread(target=serve, args=given, name="gateway")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
        ledger.close()
    assert not thread.is_alive()
