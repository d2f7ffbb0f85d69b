from collections.abc import Sequence
from functools import partial

import pytest

from tasks.errors import InputError
from tasks.ledger import Arrival, Claimer, Failure, KindStatus, Ledger, arrive, claim, fail, finish, status

# SQLite tells the time in days, whose fractions are rounded.
CLOSE = partial(pytest.approx, rel=1e-3)


def work(ledger: Ledger, worker: Claimer, clock, seconds: Sequence[float]) -> None:
    for duration in seconds:
        [lease] = claim(ledger, worker)
        clock.advance(duration)
        finish(ledger, lease)


@pytest.fixture(autouse=True)
def movies(ledger: Ledger, clock) -> None:
    arrive(ledger, [Arrival(session="grid", kind="movie", key=f"{number:03}") for number in range(100)])


def test_items_are_counted_by_kind_and_state(ledger: Ledger, worker: Claimer, clock) -> None:
    arrive(ledger, [Arrival(session="grid", kind="tilt_series", key="t")])
    work(ledger, worker, clock, [2])
    fail(ledger, claim(ledger, worker)[0], Failure(kind="bad-data", reason="black"))
    claim(ledger, worker, 3)
    movie, tilt_series = status(ledger, "grid").kinds
    assert (movie.waiting, movie.running, movie.done, movie.quarantined) == (95, 3, 1, 1)
    assert (movie.duration, movie.rate) == (CLOSE(2), CLOSE(0.5))
    assert tilt_series == KindStatus(kind="tilt_series", waiting=1)


def test_the_rest_takes_as_long_as_the_items_before_took(ledger: Ledger, worker: Claimer, clock) -> None:
    assert status(ledger, "grid").remaining is None
    work(ledger, worker, clock, [2, 4, 90])
    assert status(ledger, "grid").remaining == CLOSE(97 * 4)
    claim(ledger, worker, 2)
    assert status(ledger, "grid").remaining == CLOSE(97 * 4 / 2)


def test_only_the_latest_count(ledger: Ledger, worker: Claimer, clock) -> None:
    work(ledger, worker, clock, [100] * 20 + [1] * 50)
    [movie] = status(ledger, "grid").kinds
    assert (movie.duration, movie.rate) == CLOSE((1, 1))


def test_the_rate_falls_while_nothing_happens(ledger: Ledger, worker: Claimer, clock) -> None:
    work(ledger, worker, clock, [1] * 10)
    clock.advance(990)
    [movie] = status(ledger, "grid").kinds
    assert movie.rate == CLOSE(0.01)


def test_a_clock_that_jumps_back_makes_no_speed_negative(ledger: Ledger, worker: Claimer, clock) -> None:
    work(ledger, worker, clock, [-1000])
    [movie] = status(ledger, "grid").kinds
    assert movie.duration == 0


def test_when_all_is_done_nothing_remains(ledger: Ledger, worker: Claimer) -> None:
    for lease in claim(ledger, worker, 100):
        finish(ledger, lease)
    assert status(ledger, "grid").remaining == 0


def test_an_unknown_session_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(InputError, match="session nowhere"):
        status(ledger, "nowhere")
