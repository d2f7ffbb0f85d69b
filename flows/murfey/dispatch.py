"""From a message of Murfey to what is to be done: session, request and items, written down together."""

import logging
from collections.abc import Sequence
from functools import partial

from flows.items import outward
from flows.murfey import dispatch_spa, dispatch_tomography
from flows.murfey.asked import parsed
from flows.murfey.dispatch_work import Work
from flows.spa_live import followed
from tasks.errors import InputError
from tasks.ledger import Arrival, Asked, Ledger, Message, Session, ask
from tasks.models import Model
from tasks.murfey import (
    MurfeyRequest,
    SpaBFactor,
    SpaClass2D,
    SpaClass3D,
    SpaExtract,
    SpaPreprocess,
    SpaRefine,
    TomoAlign,
    TomoPreprocess,
)

_log = logging.getLogger(__name__)


class Received(Model):
    """What a message has come to."""

    recipe: str
    """What it asks for."""
    arrivals: tuple[Arrival, ...] = ()
    """What is news, and not yet announced."""
    foreign: bool = False
    """Whether it is for others; then nothing is written."""

    @property
    def ours(self) -> bool:
        """Whether it is for us."""
        return not self.foreign


def receive(ledger: Ledger, body: bytes | str, redelivered: bool) -> Received:
    """Write down what a message asks for; the same message again changes nothing.

    A request that was answered is asked for anew if it was not the broker that delivered it again (``redelivered``).
    Raises InputError, with nothing written, for one that cannot be used, and for parameters of the site that cannot.
    """
    message = parsed(body)
    if message.request is None:
        return Received(recipe=message.recipe, foreign=True)
    request = message.request
    work = wanted(ledger, request)
    asked = Asked(
        session=work.session.name,
        recipe=request.recipe,
        key=work.key,
        kind=request.kind,
        item=work.item,
        body=message.text,
    )
    told = partial(news_of_requests, work.session)
    news = ask(ledger, work.session, [asked], work.arrivals, told, redelivered=redelivered)
    return Received(recipe=message.recipe, arrivals=(*news, *following(ledger, work)))


def wanted(ledger: Ledger, request: MurfeyRequest) -> Work:
    """Return the work that a request asks for."""
    match request:
        case SpaPreprocess():
            return dispatch_spa.movie(ledger, request)
        case SpaExtract():
            return dispatch_spa.extraction(ledger, request)
        case SpaClass2D() | SpaClass3D() | SpaRefine() | SpaBFactor():
            return dispatch_spa.average(ledger, request)
        case TomoPreprocess():
            return dispatch_tomography.tilt_movie(ledger, request)
        case TomoAlign():
            return dispatch_tomography.tilt_series(ledger, request)


def news_of_requests(session: Session, new: Sequence[Asked]) -> list[Message]:
    """Return the messages that have new requests answered whose items are done already; others are answered then."""
    marks = [(each.kind, each.item, f"{each.recipe} {each.key} {each.sequence}") for each in new]
    return [message for kind, key, mark in marks for message in outward(session, kind, key, asked=mark)]


def following(ledger: Ledger, work: Work) -> Sequence[Arrival]:
    """Write down what follows from a request that says no more than that the plan of its session goes on."""
    if work.arrivals:
        return ()
    try:
        return followed(ledger, work.session.name)
    except InputError as reason:
        # The items of the session are given up with that reason.
        _log.warning("%s", reason)
        return ()
