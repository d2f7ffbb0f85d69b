"""Who receives what: requests for work, and what Murfey wants to have written to ISPyB."""

from collections.abc import Mapping

from flows.items import ISPYB
from flows.murfey.dispatch import receive
from flows.murfey.gateway_intake import Desk, Taken
from tasks.ispyb import credentials_file
from tasks.ledger import Ledger, Message, post
from tasks.murfey import parse_connector
from tasks.settings import Settings

_CONNECTOR = "ispyb_connector"
_NONE = "none"
"""Stands for no queue: a variable of the environment cannot be empty."""


def desks(settings: Settings) -> Mapping[str, Desk]:
    """Return the desks of a site, by the queues whose messages they receive."""
    requests = {settings.murfey_queue: Desk(receive_request, settings.foreign_queue)}
    if settings.connector_queue == _NONE:
        return requests
    return requests | {settings.connector_queue: Desk(receive_fit, settings.foreign_connector_queue)}


def receive_request(ledger: Ledger, body: bytes, redelivered: bool) -> Taken:
    """Write down what is asked for."""
    received = receive(ledger, body, redelivered)
    return Taken(received.recipe, ours=received.ours, arrivals=received.arrivals)


def receive_fit(ledger: Ledger, body: bytes, _redelivered: bool) -> Taken:
    """Write down a B-factor that Murfey has fitted; its row of ISPyB is written with those of the refinement.

    A site without ISPyB has nothing to write it to: what was fitted here stands in the ledger.
    """
    fit = parse_connector(body)
    if fit is None:
        return Taken(_CONNECTOR, ours=False)
    if credentials_file() is None:
        return Taken(_CONNECTOR)
    key = f"fit/{fit.program_id}/{fit.particle_classification_id}"
    post(ledger, [Message(target=ISPYB, key=key, payload={"fit": fit.model_dump(mode="json")}, repeat=True)])
    return Taken(_CONNECTOR)
