"""Tell Murfey what became of an item: read what is known of it, and write each answer to the outbox, once."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from flows.ispyb.kept import standing_of
from flows.items import MURFEY
from flows.murfey.answers import answers_of
from flows.murfey.links import link
from flows.murfey.plan import FILE
from flows.murfey.settled import Settled
from flows.spa_plan import B_FACTOR, BATCH, CLASSES_3D, EXTRACTION, REFINEMENT
from tasks.ledger import Asked, Delivery, Ledger, Message, Result, Session, find_session, post, requests_of, results_of
from tasks.models import Motion
from tasks.murfey import SpaBFactor, SpaClass2D, SpaRefine
from tasks.murfey.averages import Average
from tasks.murfey.preprocessing import Preprocess

_log = logging.getLogger(__name__)
_MADE_OF = {REFINEMENT: (CLASSES_3D,), B_FACTOR: (REFINEMENT,)}
"""The kinds of items of the same key of which an item is made."""


def answer(ledger: Ledger, news: Delivery) -> None:
    """Tell Murfey of the item that has changed. What was told before is not told again, however often this is done."""
    session, kind, key = (str(news.payload[name]) for name in ("session", "kind", "key"))
    item = settled(ledger, find_session(ledger, session), kind, key)
    if item is None:
        return
    lead(item)
    for queue, feedback in answers_of(item):
        payload = {"queue": queue, "body": feedback.body()}
        # One by one, so that they are published in this order.
        post(ledger, [Message(target=MURFEY, key=f"{session} {feedback.event}", payload=payload)])


def settled(ledger: Ledger, session: Session, kind: str, key: str) -> Settled | None:
    """Return an item with all that an answer is made of; None if there is no such item."""
    item = standing_of(ledger, session.name, kind, [key]).get(key)
    if item is None:
        return None
    kinds = (*_MADE_OF.get(kind, ()), kind)
    results: dict[str, Result] = {}
    for each in kinds:
        results |= results_of(ledger, session.name, each, [key]).get(key, {})
    asked = _origin(ledger, session.name, item.payload) if kind == FILE else _asked(ledger, session.name, kind, [key])
    return Settled(session, kind, key, item.state, item.payload, results, asked)


def _asked(ledger: Ledger, session: str, kind: str, keys: Sequence[str]) -> list[Asked]:
    found = requests_of(ledger, session, kind, keys)
    return list(chain.from_iterable(found.get(key, ()) for key in keys))


def _origin(ledger: Ledger, session: str, payload: Mapping[str, object]) -> list[Asked]:
    """Return the request that a file of particles follows from: the first one for the first of its parts."""
    members, batches = payload.get("micrographs"), payload.get("batches")
    kind, parts = (EXTRACTION, members) if isinstance(members, list) else (BATCH, batches)
    return _asked(ledger, session, kind, [str(part) for part in parts[:1]])[:1] if isinstance(parts, list) else []


def lead(item: Settled) -> None:
    """Have the places that Murfey names lead to our files; that they cannot is no reason not to answer."""
    for place, target in places_of(item):
        try:
            link(place, target)
        except OSError as reason:
            _log.warning("%s does not lead to %s: %s", place, target, reason)


def places_of(item: Settled) -> Iterator[tuple[Path, Path]]:
    """Yield the places that Murfey names, and our files and folders of the same.

    Those of micrographs are there from the beginning, but for requests that came when the micrograph was there already.
    """
    if item.kind == FILE:
        return
    if motion := item.found(Motion, "motion_correction"):
        yield from ((request.path, motion.micrograph.path) for request, _ in item.awaited(Preprocess))
    for request, _ in item.awaited(Average):
        step = _step(request)
        if step in item.results:
            yield request.path, Path(str(item.results[step].result["model"])).parent


def _step(request: Average) -> str:
    """Return the step that writes the files that a request is for."""
    match request:
        case SpaClass2D():
            return "classification_2d"
        case SpaBFactor():
            return f"refinement_{request.number_of_particles}"
        case SpaRefine():
            return "refinement"
        case _:
            return "classification_3d"
