import pytest

from flows.relief import Relief
from tasks.ledger import Arrival, Claimer, Ledger, Session, arrive, open_ledger, open_session, sign_on


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    open_session(ledger, Session(name="grid", kind="tomography", folder=tmp_path))
    sign_on(ledger, run("first"))
    return ledger


@pytest.fixture
def item(ledger) -> Arrival:
    item = Arrival(session="grid", kind="tilt_movie", key="/data/1.tif")
    arrive(ledger, [item])
    return item


def run(name: str) -> Claimer:
    return Claimer(owner=name, kinds=("tilt_movie",), session="grid")


def test_a_run_ends_at_once_if_nothing_waits(emitted, ledger):
    assert Relief(ledger, "grid", "tilt_movie")()
    assert emitted() == []


def test_a_run_calls_another_once_and_ends_when_that_is_there(emitted, ledger, item):
    may_end = Relief(ledger, "grid", "tilt_movie")
    assert [may_end(), may_end()] == [False, False]
    assert emitted() == [("cryoem.tilt-movie.waiting", "cryoem.session.grid", {"count": 1})]
    sign_on(ledger, run("second"))
    assert may_end()


def test_a_run_ends_if_no_other_comes(emitted, ledger, item):
    may_end = Relief(ledger, "grid", "tilt_movie", patience=0)
    assert [may_end(), may_end()] == [False, True]
