"""Messages through RabbitMQ: nothing that was received or is to be sent is lost by us, and nothing goes in circles."""

from tasks.broker.backoff import Backoff
from tasks.broker.broker import Broker
from tasks.broker.errors import BrokerError, NoQueueError
from tasks.broker.messages import Received, new_properties, properties_again
from tasks.broker.parking import park, pass_on, put_back

__all__ = [
    "Backoff",
    "Broker",
    "BrokerError",
    "NoQueueError",
    "Received",
    "new_properties",
    "park",
    "pass_on",
    "properties_again",
    "put_back",
]
