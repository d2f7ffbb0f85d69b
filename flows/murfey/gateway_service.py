"""The gateway with all its parts, as a site wants it."""

from threading import Event

from pydantic import SecretStr

from flows.murfey.gateway import Gateway
from flows.murfey.gateway_delivery import delivering, our_targets
from flows.murfey.gateway_desks import desks
from flows.murfey.gateway_events import Announce, Announcer
from flows.murfey.gateway_health import Health
from flows.murfey.gateway_intake import Intake
from flows.murfey.gateway_metrics import Metrics
from flows.murfey.gateway_publishing import Publisher
from tasks.ledger import Ledger
from tasks.settings import Settings


def serve(  # noqa: PLR0913, PLR0917 - all that it is made of
    settings: Settings,
    broker: SecretStr,
    ledger: Ledger,
    announce: Announce | None,
    health: Health,
    metrics: Metrics,
    stop: Event,
) -> None:
    """Serve Murfey, and whom the answers are for, until told to stop."""
    gateway = Gateway(
        url=broker,
        ledger=ledger,
        intake=Intake(ledger, desks(settings), settings.parked_queue, metrics),
        publisher=Publisher(ledger, settings.feedback_rate, metrics),
        announcer=Announcer(announce),
        health=health,
        metrics=metrics,
    )
    with delivering(ledger, our_targets(), metrics, health):
        gateway.run(stop)
