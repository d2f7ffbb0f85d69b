"""The real Murfey at the other end of the gateway, as far as its tables show that it is content."""

from collections import Counter
from pathlib import Path

import pytest
from murfey.at_gateway import gateway
from murfey.real_murfey import SingleParticles, TiltSeries, needs_murfey
from murfey.real_sessions import given_up, is_content, refused, requested, until
from murfey.scripted import QUEUE

from tasks.broker import Broker

pytestmark = [pytest.mark.slow, needs_murfey]

STAGES = ("preprocess", "extract", "class2d", "class3d", "refine", "bfactor")


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
    assert requested(rig) == {f"em-spa-{stage}" for stage in STAGES}
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
    assert requested(rig) == {"em-tomo-preprocess", "em-tomo-align"}
    (series,) = murfey.rows("tiltseries")
    assert (series["processing_requested"], series["tilt_series_length"]) == (True, 6)
    assert [tilt["motion_corrected"] for tilt in murfey.rows("tilt")] == [True] * 6
    assert given_up(rig) == {("raw2", "tilt_movie")}
