"""The real Murfey at the other end of the gateway, as far as its tables show that it is content."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from murfey.at_gateway import gateway
from murfey.real_murfey import PYTHON, RealMurfey, SingleParticles, TiltSeries
from murfey.rig import Rig, undelivered
from murfey.scripted import QUEUE
from murfey.scripted_at_broker import CONNECTOR, REQUESTS
from rabbitmq_server import RabbitMq

from flows.spa_live import followed
from tasks.broker import Broker
from tasks.ledger import all_sessions, status, waiting
from tasks.settings import Settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason="Murfey is not installed: run make .venv-murfey/.installed"),
]

DEAD = "dlq.murfey_feedback"
SMALL = {"nr_picks_before_diameter": 10, "batch_size_2d": 20, "nr_classes_2d": 2}
SECONDS = 300.0
QUIET = 3.0
"""Seconds without anything on its way, in which Murfey would have handled whatever it still has."""


@pytest.fixture
def murfey(site, queues, empty_postgresql, tmp_path) -> Iterator[RealMurfey]:
    """Murfey's server, with a session at it."""
    folder = tmp_path / "murfey"
    folder.mkdir()
    with RealMurfey(folder, queues, empty_postgresql(), Path(site.base), SMALL).running() as murfey:
        yield murfey


def until(rig: Rig, queues: RabbitMq, done: Callable[[], bool] = lambda: True) -> None:
    """Work on what waits until something is so, and for a while nothing is on its way."""
    end, since = time.monotonic() + SECONDS, time.monotonic()
    while time.monotonic() < since + QUIET:
        assert time.monotonic() < end, (rig.done, undelivered(rig.ledger), queues.waiting(DEAD))
        for session in all_sessions(rig.ledger):
            if session.kind == "spa":
                followed(rig.ledger, session.name)
        worked = rig.do() or waiting(rig.ledger) or undelivered(rig.ledger)
        if worked or any(map(queues.waiting, (REQUESTS, QUEUE, CONNECTOR))) or not done():
            since = time.monotonic()
        time.sleep(0.3)


def is_content(murfey: RealMurfey, queues: RabbitMq) -> None:
    """Nothing is held, and nothing was refused."""
    assert refused(queues) == set()
    assert not any(murfey.holds().values())
    assert murfey.rows("bfactors") == murfey.rows("preprocessstash") == []
    assert queues.read(Settings().parked_queue) == []


def refused(queues: RabbitMq) -> set[str]:
    """Return of what Murfey has refused a message, and forget those."""
    return {json.loads(message.body)["register"] for message in queues.read(DEAD)}


def test_single_particles_go_all_the_way(rig, movies, settings, queues, murfey):
    names, spa = movies(12), SingleParticles(murfey)
    bad = names[3]
    rig.fail("movie", unless=lambda lease: not lease.key.endswith(bad))
    # Murfey keeps the first ones back until the data collection is registered.
    for name in names[:2]:
        spa.movie(name)
    spa.begin()
    with gateway(settings):
        until(rig, queues, lambda: len(murfey.rows("sparelionparameters")) == 1)
        # One is announced again, with new numbers.
        for name in [*names[2:], names[4]]:
            spa.movie(name)
        until(rig, queues)
    is_content(murfey, queues)
    assert rig.done["movie"] == 12
    preprocessed = Counter((Path(movie["imageFullPath"]).name, movie["preprocessed"]) for movie in murfey.rows("movie"))
    assert preprocessed == {(Path(name).name, name != bad): 1 + (name == names[4]) for name in names}
    (refinement,) = murfey.rows("bfactorparameters")
    assert Path(refinement["class_reference"]).is_file()
    assert given_up(rig) == {("raw7", "movie")}


GIVEN_UP = {
    "raw11": "extraction",
    "raw12": "particle_file",
    "raw13": "particle_batch",
    "raw14": "classification_3d",
    "raw15": "refinement",
    "raw16": "b_factor",
}


def test_what_is_given_up_holds_nothing_back(rig, movies, settings, queues, murfey):
    for raw, kind in GIVEN_UP.items():
        rig.fail(kind, unless=lambda lease, raw=raw: not lease.session.endswith(raw))
    spas = [SingleParticles(murfey, raw) for raw in GIVEN_UP]
    with gateway(settings):
        for spa in spas:
            spa.begin()
        until(rig, queues, lambda: len(murfey.rows("sparelionparameters")) == len(spas))
        for spa in spas:
            for name in movies(9, raw=spa.raw):
                spa.movie(name)
        until(rig, queues)
    is_content(murfey, queues)
    # Of a refinement that was given up there are no parts either.
    assert given_up(rig) == set(GIVEN_UP.items()) | {("raw15", "b_factor")}


@pytest.fixture
def uncertain(monkeypatch) -> None:
    """Have each answer published twice, as it is when nobody knows whether the broker has it."""
    publish = Broker.publish

    def twice(broker: Broker, queue: str, *message: object) -> None:
        for _ in range(2 if queue == QUEUE else 1):
            publish(broker, queue, *message)

    monkeypatch.setattr(Broker, "publish", twice)


@pytest.mark.usefixtures("uncertain")
def test_answers_that_are_published_twice_cost_work_but_hold_nothing(rig, movies, settings, queues, murfey):
    spa = SingleParticles(murfey)
    spa.begin()
    with gateway(settings):
        until(rig, queues, lambda: len(murfey.rows("sparelionparameters")) == 1)
        for name in movies(12):
            spa.movie(name)
        until(rig, queues)
    # Of these the second is refused, and the first has done all there is to do.
    assert refused(queues) <= {"done_refinement", "done_bfactor"}
    is_content(murfey, queues)
    assert all(movie["preprocessed"] for movie in murfey.rows("movie"))
    assert given_up(rig) == set()


def test_a_tilt_series_is_aligned_and_once_more_with_a_late_tilt(rig, tilts, settings, queues, murfey):
    names, group = tilts([0.0, 3.0, -3.0, 6.0, -6.0]), TiltSeries(murfey)
    rig.fail("tilt_movie", unless=lambda lease: not lease.key.endswith(names[3]))
    for name in names[:2]:
        group.tilt(name)
    group.begin("Position_1")
    with gateway(settings):
        until(rig, queues, lambda: len(murfey.rows("tomographyprocessingparameters")) == 1)
        # One is announced again.
        for name in [*names[2:], names[2]]:
            group.tilt(name)
        group.mdoc("Position_1", 5)
        until(rig, queues)
        assert rig.done["tilt_series"] == 1
        (late,) = tilts([9.0], first=6)
        group.late_tilt(late)
        group.mdoc("Position_1", 6)
        until(rig, queues)
    is_content(murfey, queues)
    assert rig.done["tilt_series"] == 2
    (series,) = murfey.rows("tiltseries")
    assert (series["processing_requested"], series["tilt_series_length"]) == (True, 6)
    assert [tilt["motion_corrected"] for tilt in murfey.rows("tilt")] == [True] * 6
    assert given_up(rig) == {("raw2", "tilt_movie")}


def given_up(rig: Rig) -> set[tuple[str, str]]:
    """Return which kinds of items were given up, by the folder of their movies; nothing is open."""
    found = set()
    for session in all_sessions(rig.ledger):
        for kind in status(rig.ledger, session.name).kinds:
            assert kind.open == 0
            if kind.quarantined:
                found.add((session.name.rsplit("-", 1)[1], kind.kind))
    return found
