import pytest

from tasks.errors import InputError
from tasks.ledger import (
    Arrival,
    Claimer,
    Failure,
    LeaseLostError,
    Ledger,
    Selection,
    arrive,
    claim,
    fail,
    finish,
    history,
    quarantined,
    requeue,
)


@pytest.fixture(autouse=True)
def movies(ledger: Ledger, worker: Claimer) -> None:
    """ "a" and "b" are in quarantine, "c" is done, "d" and "e" are waiting."""
    arrive(ledger, [Arrival(session="grid", kind="movie", key=key) for key in "abcde"])
    for lease in claim(ledger, worker, 2):
        fail(ledger, lease, Failure(kind="bad-data", reason="black"))
    finish(ledger, claim(ledger, worker)[0])


def waiting(ledger: Ledger, worker: Claimer) -> str:
    return "".join(lease.key for lease in claim(ledger, worker, 10))


def test_what_is_quarantined_gets_another_chance(ledger: Ledger, worker: Claimer) -> None:
    assert requeue(ledger, Selection(session="grid"), "operator") == 2
    assert quarantined(ledger, "grid") == []
    assert waiting(ledger, worker) == "abde"
    outcomes = [(attempt.owner, attempt.outcome) for attempt in history(ledger, "grid", "movie", "a")]
    assert outcomes == [("worker", "bad-data"), ("operator", "requeued"), ("worker", None)]


def test_an_item_that_failed_is_forgiven(ledger: Ledger, worker: Claimer) -> None:
    requeue(ledger, Selection(session="grid"), "operator")
    assert [lease.failures for lease in claim(ledger, worker, 2)] == [{}, {}]


def test_only_what_is_chosen_is_put_back(ledger: Ledger, worker: Claimer) -> None:
    assert requeue(ledger, Selection(session="grid", kinds=("tilt_series",)), "operator") == 0
    assert requeue(ledger, Selection(session="grid", kinds=("movie",), keys=("b", "c")), "operator") == 1
    assert waiting(ledger, worker) == "bde"


def test_what_is_done_can_be_done_again(ledger: Ledger, worker: Claimer) -> None:
    assert requeue(ledger, Selection(session="grid", states=("done",)), "operator") == 1
    assert waiting(ledger, worker) == "cde"


def test_what_is_running_is_taken_from_its_owner(ledger: Ledger, worker: Claimer) -> None:
    [lease] = claim(ledger, worker)
    assert requeue(ledger, Selection(session="grid", states=("running",)), "operator") == 1
    with pytest.raises(LeaseLostError):
        finish(ledger, lease)
    outcomes = [attempt.outcome for attempt in history(ledger, "grid", "movie", "d")]
    assert outcomes == ["requeued", "requeued"]


def test_an_unknown_session_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(InputError, match="session nowhere"):
        quarantined(ledger, "nowhere")
