import pytest

from tasks.errors import InputError
from tasks.ledger import (
    Arrival,
    Claimer,
    Lease,
    LeaseLostError,
    Ledger,
    Message,
    Result,
    Selection,
    arrive,
    claim,
    finish,
    found,
    posted,
    recall,
    record,
    recorded,
    requeue,
    status,
)

MOTION = Result(
    step="motion",
    digest="abc",
    result={"early": 1.25, "shifts": [[0, 0], [1, 2]]},
    tool="motioncor3",
    version="1.1",
    command="MotionCor3 -InMrc a",
    seconds=3.5,
    peak_memory=1e9,
    host="node",
    flow_run="run",
)
CTF = Result(step="ctf", digest="def", result={"defocus": 12000.0}, tool="embedded")


@pytest.fixture
def lease(ledger: Ledger, worker: Claimer) -> Lease:
    arrive(ledger, [Arrival(session="grid", kind="movie", key="a")])
    return claim(ledger, worker)[0]


def test_results_messages_and_follow_ups_come_with_the_end(ledger: Ledger, worker: Claimer, lease: Lease) -> None:
    follow_up = Arrival(session="grid", kind="tilt_series", key="t")
    finish(ledger, lease, [MOTION, CTF], [Message(target="ispyb", key="a")], [follow_up])
    assert recorded(ledger, lease) == {"motion": MOTION, "ctf": CTF}
    assert posted(ledger, "ispyb") == {"pending": 1}
    assert [kind.model_dump(include={"kind", "waiting", "done"}) for kind in status(ledger, "grid").kinds] == [
        {"kind": "movie", "waiting": 0, "done": 1},
        {"kind": "tilt_series", "waiting": 1, "done": 0},
    ]


def test_finishing_twice_is_finishing_once(ledger: Ledger, lease: Lease) -> None:
    for _ in range(2):
        finish(ledger, lease, [MOTION], [Message(target="ispyb", key="a")])
    assert posted(ledger, "ispyb") == {"pending": 1}


def test_nothing_is_written_if_something_is_wrong(ledger: Ledger, lease: Lease) -> None:
    with pytest.raises(InputError, match="session nowhere"):
        finish(
            ledger,
            lease,
            [MOTION],
            [Message(target="ispyb", key="a")],
            [Arrival(session="nowhere", kind="movie", key="b")],
        )
    assert recorded(ledger, lease) == {}
    assert posted(ledger, "ispyb") == {}
    finish(ledger, lease)


def test_nothing_of_a_late_owner_is_written(ledger: Ledger, lease: Lease) -> None:
    requeue(ledger, Selection(session="grid", states=("running",)), "operator")
    with pytest.raises(LeaseLostError):
        record(ledger, lease, MOTION)
    with pytest.raises(LeaseLostError):
        finish(ledger, lease, [MOTION], [Message(target="ispyb", key="a")])
    assert recorded(ledger, lease) == {}
    assert posted(ledger, "ispyb") == {}


def test_a_step_is_recalled_by_the_digest_of_its_input(ledger: Ledger, worker: Claimer, lease: Lease) -> None:
    record(ledger, lease, MOTION)
    assert recall(ledger, lease, "motion", "abc") == MOTION
    assert recall(ledger, lease, "motion", "another") is None
    assert recall(ledger, lease, "ctf", "abc") is None
    requeue(ledger, Selection(session="grid", states=("running",)), "operator")
    [again] = claim(ledger, worker)
    assert recall(ledger, again, "motion", "abc") == MOTION


def test_a_new_result_takes_the_place_of_the_old(ledger: Ledger, worker: Claimer, lease: Lease) -> None:
    finish(ledger, lease, [MOTION, CTF])
    requeue(ledger, Selection(session="grid", states=("done",)), "operator")
    [again] = claim(ledger, worker)
    better = MOTION.model_copy(update={"digest": "new"})
    finish(ledger, again, [better])
    assert recorded(ledger, again) == {"motion": better, "ctf": CTF}


def test_what_a_step_found_is_listed_in_order_of_arrival(ledger: Ledger, worker: Claimer) -> None:
    arrive(ledger, [Arrival(session="grid", kind="movie", key=key) for key in "abc"])
    for lease in reversed(claim(ledger, worker, 3)):
        finish(ledger, lease, [MOTION.model_copy(update={"host": lease.key})])
    assert [(key, result.host) for key, result in found(ledger, "grid", "motion")] == [
        ("a", "a"),
        ("b", "b"),
        ("c", "c"),
    ]
