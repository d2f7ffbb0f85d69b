"""Questions and verbs about some items only."""

import pytest

from tasks.ledger import (
    Arrival,
    Claimer,
    Failure,
    LeaseLostError,
    Ledger,
    Result,
    arrive,
    bereave,
    claim,
    due,
    extend_all,
    fail,
    finish,
    keys_like,
    quiet,
    release,
    results_of,
    supplement,
)


@pytest.fixture
def movies(ledger: Ledger) -> list[str]:
    keys = [f"/data/a_{number}.tif" for number in range(4)] + ["/data/ax4.tif"]
    arrive(ledger, [Arrival(session="grid", kind="movie", key=key) for key in keys])
    return keys


def test_only_the_items_of_the_keys_are_claimed(ledger, movies, worker):
    chosen = worker.model_copy(update={"session": "grid", "keys": (movies[2], movies[1])})
    assert [lease.key for lease in claim(ledger, chosen, 5)] == [movies[1], movies[2]]
    assert claim(ledger, chosen, 5) == []


def test_items_are_due_that_are_worked_on_or_could_be(ledger, movies, worker):
    assert due(ledger, "grid", "movie", movies) == 5
    first, second, third = claim(ledger, worker, 3)
    finish(ledger, first)
    fail(ledger, second, Failure(kind="tool-error", reason="waits for another try"))
    fail(ledger, third, Failure(kind="bad-data", reason="given up"))
    assert due(ledger, "grid", "movie", movies) == 2
    assert due(ledger, "grid", "movie", movies[:3]) == 0


def test_keys_are_found_by_their_beginning_to_the_letter(ledger, movies):
    assert sorted(keys_like(ledger, "grid", "movie", "/data/a_")) == movies[:4]
    assert keys_like(ledger, "grid", "movie", "/data/a%") == []


def test_results_are_found_by_key_and_step(ledger, movies, worker):
    lease, other = claim(ledger, worker, 2)
    results = [Result(step=step, digest="d", result={"step": step}, tool="t") for step in ("motion", "ctf")]
    finish(ledger, lease, results)
    finish(ledger, other, results[:1])
    found = results_of(ledger, "grid", "movie", [movies[0], movies[3]])
    assert found == {movies[0]: {result.step: result for result in results}}


def test_a_session_is_quiet_since_its_last_arrival(ledger, clock):
    assert quiet(ledger, "grid") is None
    arrive(ledger, [Arrival(session="grid", kind="movie", key="a")])
    clock.advance(100)
    assert quiet(ledger, "grid") == pytest.approx(100, abs=0.1)


def test_what_a_dead_run_held_comes_back_at_once_and_nothing_else(ledger, movies, worker):
    dead = Claimer(owner="dead", kinds=("movie",), order="oldest")
    held, given_back = claim(ledger, dead, 2)
    release(ledger, given_back, "for another")
    (alive,) = claim(ledger, worker, 1)
    assert [(lease.key, verdict.state) for lease, verdict in bereave(ledger, "dead")] == [(held.key, "waiting")]
    assert bereave(ledger, "dead") == []
    with pytest.raises(LeaseLostError):
        finish(ledger, held)
    finish(ledger, alive)


def test_many_leases_are_extended_and_lost_ones_stay_lost(ledger, movies, worker, clock):
    kept, lost = claim(ledger, worker, 2)
    release(ledger, lost, "gone")
    extend_all(ledger, [kept, lost], 600)
    extend_all(ledger, [], 600)
    clock.advance(500)
    assert bereave(ledger, "nobody") == []
    finish(ledger, kept)
    with pytest.raises(LeaseLostError):
        finish(ledger, lost)


def test_what_was_found_by_the_way_is_added_to_items_on_which_nobody_works(ledger, movies, worker):
    done, running = claim(ledger, worker, 2)
    first, second = (Result(step=step, digest="d", result={}, tool="t") for step in ("motion", "ctf"))
    finish(ledger, done, [first])
    supplement(ledger, "grid", "movie", {key: [second] for key in movies[:3]})
    assert results_of(ledger, "grid", "movie", movies) == {movies[0]: {"motion": first, "ctf": second}}
    finish(ledger, running)
