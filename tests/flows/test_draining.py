import pytest

from flows.draining import Drain, drain
from tasks.ledger import (
    Arrival,
    Claimer,
    Lease,
    Ledger,
    Session,
    arrive,
    attended,
    finish,
    open_ledger,
    open_session,
    sign_on,
    waiting,
)

ITEMS = 10
RUN = Claimer(owner="run", kinds=("tilt_movie",), session="grid")


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    open_session(ledger, Session(name="grid", kind="tomography", folder=tmp_path))
    arrive(ledger, [Arrival(session="grid", kind="tilt_movie", key=str(number)) for number in range(ITEMS)])
    return ledger


def left(ledger: Ledger) -> int:
    return sum(kind.items for kind in waiting(ledger))


@pytest.fixture
def start(ledger):
    def work(lease: Lease) -> None:
        finish(ledger, lease)

    return work


def test_all_that_waits_is_worked_off(ledger, start):
    assert drain(ledger, RUN, start, Drain(slots=3, linger=0.1)) == ITEMS
    assert left(ledger) == 0


def test_a_run_ends_when_its_turn_is_over(ledger, start):
    assert drain(ledger, RUN, start, Drain(slots=3, linger=0.1, turn=4)) == 4
    assert left(ledger) == ITEMS - 4


def test_a_run_whose_turn_is_over_works_on_until_it_may_end(ledger, start):
    answers = iter([False, False, True])
    assert drain(ledger, RUN, start, Drain(slots=2, linger=0.1, turn=4, may_end=lambda: next(answers))) == 4 + 2 * 2
    assert left(ledger) == ITEMS - 8


def test_a_run_that_is_one_too_many_ends_at_once(ledger, start):
    sign_on(ledger, RUN.model_copy(update={"owner": "another run"}))
    assert drain(ledger, RUN, start, Drain(slots=3, linger=0.1)) == 0
    assert left(ledger) == ITEMS
    assert attended(ledger, "grid", "tilt_movie") == 1

    some = RUN.model_copy(update={"keys": ("1", "2")})
    assert drain(ledger, some, start, Drain(slots=3, linger=0.1)) == 2, "these were asked for"


def test_a_run_that_was_started_again_is_not_its_own_rival(ledger, start):
    sign_on(ledger, RUN)
    assert drain(ledger, RUN, start, Drain(slots=3, linger=0.1)) == ITEMS


def test_a_run_whose_turn_is_over_makes_room_for_another_before_it_ends(ledger, start):
    attending = []

    def may_end() -> bool:
        attending.append(attended(ledger, "grid", "tilt_movie"))
        return True

    drain(ledger, RUN, start, Drain(slots=2, linger=0.1, turn=4, may_end=may_end))
    assert attending == [0]
