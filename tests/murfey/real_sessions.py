"""A session at the real Murfey: how long it is waited for, and how it should stand in the end."""

import json
import time
from collections.abc import Callable

from murfey.captured import is_known
from murfey.real_murfey import RealMurfey
from murfey.rig import Rig, undelivered
from murfey.scripted import QUEUE
from murfey.scripted_at_broker import CONNECTOR, REQUESTS
from rabbitmq_server import RabbitMq

from flows.spa_live import followed
from tasks.ledger import all_sessions, requests_for, status, waiting
from tasks.murfey.recipes import RECIPES
from tasks.settings import Settings

DEAD = "dlq.murfey_feedback"
SECONDS = 300.0
QUIET = 3.0
"""Seconds in which nothing may be on its way, twice."""
MARKER = b'{"register": "done_class_selection"}'
"""Is acknowledged by Murfey, and nothing else."""


def until(rig: Rig, queues: RabbitMq, done: Callable[[], bool] = lambda: True, seconds: float = SECONDS) -> None:
    """Work on what waits until something is so, and nothing is on its way.

    A message that Murfey has in hand stands in no queue. It takes one after the other: when it has taken a marker, it
    has done with all before.
    """
    begun = since = time.monotonic()
    is_marked = False
    while True:
        assert time.monotonic() < begun + seconds, (rig.done, undelivered(rig.ledger), queues.waiting(DEAD))
        if not rests(rig, queues, done):
            since, is_marked = time.monotonic(), False
        elif queues.waiting(QUEUE):
            since = time.monotonic()
        elif time.monotonic() > since + QUIET:
            if is_marked:
                return
            queues.send(QUEUE, MARKER)
            since, is_marked = time.monotonic(), True
        time.sleep(0.3)


def rests(rig: Rig, queues: RabbitMq, done: Callable[[], bool]) -> bool:
    """Do what is to be done here; tell whether there was nothing, and Murfey has not asked for more."""
    for session in all_sessions(rig.ledger):
        if session.kind == "spa":
            followed(rig.ledger, session.name)
    if rig.do() or waiting(rig.ledger) or undelivered(rig.ledger):
        return False
    return not any(map(queues.waiting, (REQUESTS, CONNECTOR))) and done()


def is_content(murfey: RealMurfey, queues: RabbitMq) -> None:
    """Nothing is held, and nothing was refused."""
    assert refused(queues) == set()
    assert not any(murfey.holds().values())
    assert murfey.rows("bfactors") == murfey.rows("preprocessstash") == []
    assert queues.read(Settings().parked_queue) == []


def refused(queues: RabbitMq) -> set[str]:
    """Return of what Murfey has refused a message, and forget those."""
    return {json.loads(message.body)["register"] for message in queues.read(DEAD)}


def requested(rig: Rig) -> set[str]:
    """Return the recipes that Murfey has asked for; all its requests are as those that were captured."""
    found = set()
    for session in all_sessions(rig.ledger):
        for recipe in RECIPES:
            for asked in requests_for(rig.ledger, session.name, recipe):
                assert is_known(json.loads(asked.body)), asked.body
                found.add(recipe)
    return found


def given_up(rig: Rig) -> set[tuple[str, str]]:
    """Return which kinds of items were given up, by the folder of their movies; nothing is open."""
    found = set()
    for session in all_sessions(rig.ledger):
        for kind in status(rig.ledger, session.name).kinds:
            assert kind.open == 0
            if kind.quarantined:
                found.add((session.name.rsplit("-", 1)[1], kind.kind))
    return found
