import pytest

from flows.murfey.gateway_health import Health


@pytest.fixture
def clock():
    class Clock:
        time = 100.0

        def __call__(self) -> float:
            return self.time

    return Clock()


@pytest.fixture
def health(clock) -> Health:
    return Health(patience=60, clock=clock)


def test_a_gateway_that_has_reached_nobody_yet_is_not_well(health):
    assert health.problems() == {"broker": "not reached yet", "ledger": "not reached yet"}
    assert health.since("broker") is None


def test_the_reason_is_told_why_a_part_was_never_reached(health):
    health.lost("ledger", "no such host")
    assert health.problems()["ledger"] == "not reached yet: no such host"


def test_a_gateway_is_well_while_it_reaches_broker_and_ledger(health, clock):
    health.reached("broker")
    health.reached("ledger")
    clock.time += 59
    assert health.problems() == {}
    assert health.since("ledger") == 59


def test_a_short_interruption_is_not_worth_an_alarm(health, clock):
    health.reached("broker")
    health.reached("ledger")
    health.lost("broker", "connection reset")
    clock.time += 30
    assert health.problems() == {}
    clock.time += 31
    assert health.problems() == {
        "broker": "not reached for 61 s: connection reset",
        "ledger": "not reached for 61 s",
    }


def test_what_was_wrong_is_forgotten_when_the_part_answers_again(health, clock):
    health.lost("broker", "connection reset")
    health.reached("broker")
    clock.time += 61
    assert health.problems()["broker"] == "not reached for 61 s"
