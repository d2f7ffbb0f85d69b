import logging

import pytest

from flows.murfey.gateway_events import Announcer
from tasks.ledger import Arrival


@pytest.fixture
def clock():
    class Clock:
        time = 0.0

        def __call__(self) -> float:
            return self.time

    return Clock()


def arrival(number: int) -> Arrival:
    return Arrival(session="grid", kind="movie", key=str(number))


def test_what_comes_alone_is_announced_at_once_and_what_comes_in_masses_together(clock):
    told = []
    announcer = Announcer(told.append, interval=1, clock=clock)
    for number in range(5):
        announcer.add([arrival(number)])
        announcer.tell()
        clock.time += 0.4
    assert told == [[arrival(0)], [arrival(1), arrival(2), arrival(3)]]
    announcer.tell(at_once=True)
    assert told[2:] == [[arrival(4)]]


def test_nothing_is_announced_when_nothing_has_arrived(clock):
    told = []
    announcer = Announcer(told.append, clock=clock)
    announcer.add([])
    announcer.tell(at_once=True)
    assert told == []


def test_a_prefect_that_does_not_answer_harms_nobody(clock, caplog):
    def refuse(_arrivals):
        raise ConnectionError("nobody there")

    announcer = Announcer(refuse, clock=clock)
    announcer.add([arrival(1), arrival(2)])
    with caplog.at_level(logging.WARNING):
        announcer.tell()
    assert "Prefect is not told of 2 arrivals: nobody there" in caplog.text
    announcer.tell(at_once=True)
    assert len(caplog.records) == 1


def test_nothing_is_gathered_for_a_prefect_that_is_not_there(clock):
    announcer = Announcer(None, clock=clock)
    announcer.add([arrival(1)])
    announcer.tell(at_once=True)
    assert announcer._arrived == []
