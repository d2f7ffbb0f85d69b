import pytest

from flows.items import ANSWERS, ISPYB, outward, settle
from tasks.errors import InputError
from tasks.ledger import Arrival, Claimer, Ledger, Session, arrive, claim, open_session, posted, take


def session(**identifiers) -> Session:
    return Session(name="cm1", kind="spa", folder="/data/cm1", identifiers=identifiers)


def targets(**identifiers) -> list[str]:
    return [message.target for message in outward(session(**identifiers), "movie", "/a.tiff", attempt=1)]


def test_others_are_told_of_a_session_that_they_know(monkeypatch, tmp_path):
    for name in ("CRYOEM_FLOWS_ISPYB", "ISPYB_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    assert targets() == []
    assert targets(murfey={}) == [ANSWERS]
    assert targets(ispyb={"dcid": 1}) == []
    monkeypatch.setenv("CRYOEM_FLOWS_ISPYB", str(tmp_path / "ispyb.cfg"))
    assert targets() == []
    assert targets(murfey={}, ispyb={"dcid": 1}) == [ANSWERS, ISPYB]


def leased(ledger: Ledger, **identifiers):
    open_session(ledger, session(**identifiers))
    arrive(ledger, [Arrival(session="cm1", kind="movie", key="/a.tiff")])
    (lease,) = claim(ledger, Claimer(owner="worker", kinds=("movie",)))
    return lease


def test_an_item_is_told_when_it_is_done(ledger):
    settle(ledger, leased(ledger, murfey={}), list)
    (news,) = take(ledger, ANSWERS)
    assert news.payload == {"session": "cm1", "kind": "movie", "key": "/a.tiff", "attempt": 1}


def test_an_item_is_told_when_it_is_given_up_and_not_when_it_is_tried_again(ledger):
    def fails(error):
        raise error

    lease = leased(ledger, murfey={})
    with pytest.raises(FileNotFoundError):
        settle(ledger, lease, lambda: fails(FileNotFoundError("late")))
    assert posted(ledger, ANSWERS) == {}
    arrive(ledger, [Arrival(session="cm1", kind="movie", key="/a.tiff", payload={"path": "/a.tiff"})])
    (again,) = claim(ledger, Claimer(owner="worker", kinds=("movie",)))
    with pytest.raises(InputError):
        settle(ledger, again, lambda: fails(InputError("/a.tiff", "rubbish", "a movie")))
    assert posted(ledger, ANSWERS) == {"pending": 1}


def test_nobody_else_is_told_of_a_session_of_ours(ledger):
    settle(ledger, leased(ledger), list)
    assert posted(ledger, ANSWERS) == {}
