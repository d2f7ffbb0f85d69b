"""What Prometheus may ask of the gateway."""

from collections.abc import Callable, Sequence
from typing import Any, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from flows.murfey.gateway_health import Health, Part
from tasks.ledger.overdue import Unsent

_PREFIX = "cryoem_gateway"
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """The figures of one gateway."""

    def __init__(self, health: Health) -> None:
        self.registry = CollectorRegistry()
        made: dict[str, Any] = {"namespace": _PREFIX, "registry": self.registry}
        self.messages = Counter(
            "messages", "Messages by recipe, and what became of them.", ["queue", "recipe", "outcome"], **made
        )
        self.handling = Histogram(
            "handling_seconds",
            "From the receipt of a message to what it asks for in the ledger.",
            buckets=_SECONDS,
            **made,
        )
        self.published = Counter("published", "Messages to Murfey, and what became of them.", ["outcome"], **made)
        self.connections = Counter("connections", "Connections to the broker that were made.", **made)
        self.losses = Counter("losses", "How often the broker or the ledger was lost.", ["part"], **made)
        self.waiting = Gauge("queue_messages", "Messages that wait in a queue of the broker.", ["queue"], **made)
        self.backlog = Gauge("outbox_messages", "Messages not delivered: pending or dead.", ["target", "state"], **made)
        self.oldest = Gauge("outbox_oldest_seconds", "Age of the oldest message that is pending.", ["target"], **made)
        self.reached = Gauge("reached_seconds", "Seconds since a part was reached; -1 if never.", ["part"], **made)
        for part in get_args(Part):
            self.reached.labels(part).set_function(_since(health, part))

    def see_backlog(self, found: Sequence[Unsent]) -> None:
        """Take over how the outboxes are; a target that has nothing left is told too."""
        self.backlog.clear()
        self.oldest.clear()
        for each in found:
            self.backlog.labels(each.target, each.state).set(each.number)
            if each.state == "pending":
                self.oldest.labels(each.target).set(each.age)


def _since(health: Health, part: Part) -> Callable[[], float]:
    def since() -> float:
        seconds = health.since(part)
        return -1.0 if seconds is None else seconds

    return since
