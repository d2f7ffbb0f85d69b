"""The whole way: broker, gateway, ledger, ISPyB, and the scripted Murfey at the other end."""

import time
from collections import Counter
from collections.abc import Callable

from murfey.at_gateway import gateway
from murfey.rig import Rig, undelivered
from murfey.scripted_at_broker import CONNECTOR, REQUESTS, AtBroker
from rabbitmq_server import RabbitMq

from flows.spa_live import followed
from tasks.ledger import all_sessions, status, waiting
from tasks.settings import Settings

FEEDBACK = "murfey_feedback"
SECONDS = 120.0


def until(rig: Rig, done: Callable[[], bool], at: AtBroker, queues: RabbitMq) -> None:
    """Work on what waits until something is so, and for a while nothing is on its way."""
    end, quiet = time.monotonic() + SECONDS, 0
    while quiet < 3:
        assert time.monotonic() < end, (rig.murfey.dead, rig.done, undelivered(rig.ledger), at.failure)
        rests = done() and not waiting(rig.ledger) and not undelivered(rig.ledger)
        quiet = quiet + 1 if rests and not any(map(queues.waiting, (REQUESTS, FEEDBACK, CONNECTOR))) else 0
        for session in all_sessions(rig.ledger):
            if session.kind == "spa":
                followed(rig.ledger, session.name)
        if not rig.do():
            time.sleep(0.3 if quiet else 0.05)


def ends_well(rig: Rig, queues: RabbitMq) -> None:
    assert rig.murfey.dead == []
    assert not any(rig.murfey.holds().values())
    for queue in (REQUESTS, CONNECTOR, FEEDBACK, "dlq.murfey_feedback", Settings().parked_queue):
        assert queues.waiting(queue) == 0
    assert all(
        kind.open == kind.quarantined == 0
        for session in all_sessions(rig.ledger)
        for kind in status(rig.ledger, session.name).kinds
    )


def has_all(rig: Rig, register: str, number: int) -> Callable[[], bool]:
    return lambda: len(rig.told(register)) >= number


def test_single_particles_go_all_the_way_though_all_are_stopped_between(rig, movies, settings, queues):
    at = AtBroker(rig.murfey, queues.url)
    spa = rig.murfey.spa()
    for name in movies(6):
        spa.movie(name)
    with at.running(), gateway(settings):
        until(rig, has_all(rig, "picked_particles", 6), at, queues)

    # Murfey goes on sending while the gateway is away; then the broker has a power cut.
    with at.running(), at.lock:
        for name in movies(6, first=7):
            spa.movie(name)
    assert queues.waiting(REQUESTS) == 6
    # Murfey asks for no confirms: what the broker has not written yet would be lost with it.
    time.sleep(2)
    queues.kill()
    queues.start()
    with at.running(), gateway(settings):
        until(rig, lambda: len(rig.told("picked_particles")) == 12 and not any(rig.murfey.holds().values()), at, queues)
    ends_well(rig, queues)
    assert len(rig.told("picked_particles")) == 12
    assert len(rig.told("complete_particles_file")) == 3
    assert rig.told("done_bfactor")
    assert rig.murfey.to_ispyb
    assert rig.done["movie"] == 12


def test_what_cannot_be_used_is_parked_and_the_rest_goes_on(rig, tilts, settings, queues):
    at, group = AtBroker(rig.murfey, queues.url), rig.murfey.tomography()
    queues.send(
        REQUESTS, b"no JSON", b'{"recipes": ["em-tomo-align"], "parameters": {}}', b'{"recipes": ["sxt-aretomo"]}'
    )
    for name in tilts([0.0, 3.0, -3.0]):
        group.tilt(name)
    group.mdoc("Position_1", 3)
    with at.running(), gateway(settings):
        until(rig, lambda: rig.done["tilt_series"] == 1, at, queues)
    parked = queues.read(settings.parked_queue)
    assert len(parked) == 3
    assert all(message.headers["x-parked-reason"] for message in parked)
    ends_well(rig, queues)
    assert Counter(each["register"] for each in rig.murfey.heard) == {"motion_corrected": 3}
