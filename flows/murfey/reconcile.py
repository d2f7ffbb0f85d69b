"""Reconciliation: what Murfey waits for, or we wait for, that will not come by itself.

Murfey sends each request once and never asks again, and no message on either side says that something has failed. So
whatever got lost between the two shows only as silence: it is looked for in the ledger.
"""

import re
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from pydantic import NonNegativeFloat

from flows.items import ANSWERS, MURFEY, TOLD
from flows.murfey.asked import is_led_by_murfey
from tasks.ledger import Asked, Ledger, Session
from tasks.ledger.overdue import Heard, Overdue, Unsent, heard, message_keys, overdue, settled, unsent
from tasks.models import Model
from tasks.murfey import SpaBFactor, SpaClass2D, SpaClass3D, SpaRefine, TomoAlign, TomoPreprocess

PATIENCE = 1800.0
"""Seconds after which somebody should know that nothing has come."""

_HOLDING = tuple(each.recipe for each in (SpaClass2D, SpaClass3D, SpaRefine, SpaBFactor))
"""After each of these Murfey asks for no more of the same until it is answered."""
_RELEASING = ("done_", "save_class_selection_score ")
"""How the events begin that answer them."""
_COLLECTION = re.compile(r'"dcid":\s*"?(\d+)')


class Finding(Model):
    """Something that will not go on by itself, or has not for long."""

    about: str
    """What tells it from other findings: without numbers and times, so that it is the same as long as it lasts."""
    words: str
    """In words for the user, with what to do."""
    age: NonNegativeFloat = 0.0
    """Seconds since it began."""


def findings(ledger: Ledger, session: Session, patience: float = PATIENCE) -> list[Finding]:
    """Return what is stranded in a session; nothing in one that Murfey has nothing to do with."""
    if not is_led_by_murfey(session):
        return []
    found = [_unanswered(each) for each in overdue(ledger, session.name, patience)]
    if session.kind == "tomography":
        tilts, series = (heard(ledger, session.name, each.recipe) for each in (TomoPreprocess, TomoAlign))
        return found + unaligned(tilts, series, time.time(), patience)
    return found + _held(ledger, session.name, patience)


def undelivered(ledger: Ledger, patience: float = PATIENCE) -> list[Finding]:
    """Return what others should have been told, of whatever session: what was given up, or not sent for long."""
    return [_undelivered(each) for each in unsent(ledger, patience) if each.target not in TOLD]


def unaligned(tilts: Sequence[Heard], series: Sequence[Heard], now: float, patience: float = PATIENCE) -> list[Finding]:
    """Return the series that have tilts, the last of them long ago, and were not asked for since it came."""
    last_asked = {collection: max(each.received for each in those) for collection, those in _collected(series).items()}
    return [
        _unaligned(collection, those, now - newest)
        for collection, those in _collected(tilts).items()
        if (newest := _newest(those)) <= now - patience and newest > last_asked.get(collection, 0.0)
    ]


def _held(ledger: Ledger, session: str, patience: float) -> list[Finding]:
    """Return the requests that are done, or given up, without an answer to Murfey or one on its way."""
    asked = settled(ledger, session, _HOLDING, patience)
    if not asked:
        return []
    on_their_way = set(message_keys(ledger, ANSWERS, f"{session} ", pending=True))
    told = [key for event in _RELEASING for key in message_keys(ledger, MURFEY, f"{session} {event}")]
    # An event ends with the key and the number of the request that it answers.
    answered = {each for each in asked if any(key.endswith(f" {each.key} {each.sequence}") for key in told)}
    return [
        _unreleased(each)
        for each in asked
        if each not in answered and f"{session} {each.kind} {each.item}" not in on_their_way
    ]


def _unreleased(asked: Asked) -> Finding:
    words = (
        f"{asked.recipe} of {asked.kind} {asked.item} is over, and Murfey was not told: it asks for no more of them. "
        "Have the item done again: cryoem-flows requeue --done"
    )
    return Finding(about=f"{asked.recipe} {asked.item} {asked.sequence}", words=words)


def _collected(requests: Sequence[Heard]) -> dict[str, list[Heard]]:
    """Group requests by data collection, which is a series; sessions have thousands, so they are not read in full."""
    found: defaultdict[str, list[Heard]] = defaultdict(list)
    for each in requests:
        if said := _COLLECTION.search(each.body):
            found[said[1]].append(each)
    return found


def _newest(tilts: Sequence[Heard]) -> float:
    """Return when the last tilt came that had not come before."""
    first: dict[str, float] = {}
    for each in tilts:
        first[each.key] = min(each.received, first.get(each.key, each.received))
    return max(first.values())


def _unaligned(collection: str, tilts: Sequence[Heard], age: float) -> Finding:
    movies, last = {each.key for each in tilts}, Path(tilts[-1].key).name
    words = (
        f"{len(movies)} tilts of data collection {collection} have come, the last, {last}, {minutes(age)} ago, and "
        "Murfey has not asked for their alignment since: it lacks a tilt or the mdoc file, or its message was lost"
    )
    return Finding(about=f"series {collection}", words=words, age=age)


def _unanswered(found: Overdue) -> Finding:
    how = {
        None: "wait for something else that must be done first",
        "waiting": "wait: nobody is at them, or they failed and are to be tried again",
        "running": "are being worked on",
    }.get(found.state)
    words = f"{found.number} requests for {found.recipe} {how}; the first came {minutes(found.age)} ago"
    return Finding(about=f"{found.recipe} {found.state or 'planned'}", words=words, age=found.age)


def _undelivered(found: Unsent) -> Finding:
    how = "were given up" if found.state == "dead" else f"are not sent, the first for {minutes(found.age)}"
    why = f"; one of the errors: {found.error}" if found.error else ""
    words = f"{found.number} messages to {found.target} {how}{why}"
    return Finding(about=f"{found.target} {found.state}", words=words, age=found.age)


def minutes(seconds: float) -> str:
    """Return a time in words, as short as it matters here."""
    whole = round(seconds / 60)
    hours, rest = divmod(whole, 60)
    return f"{hours} h {rest} min" if hours else f"{whole} min"
