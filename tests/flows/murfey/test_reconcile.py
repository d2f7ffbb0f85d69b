import json

import pytest
from sqlalchemy import text

from flows.murfey.reconcile import findings, minutes, undelivered
from flows.murfey.stranded import look_for_stranded
from tasks.ledger import (
    Arrival,
    Asked,
    Claimer,
    Ledger,
    Message,
    Session,
    ask,
    claim,
    failed,
    finish,
    post,
    sent,
    take,
)

SESSION = "cm12345-1-raw2"
MOVIES = [f"/data/2026/cm12345-1/raw2/Position_1_{count:03}_{3.0 * count}_fractions.tiff" for count in range(3)]


@pytest.fixture
def session(tmp_path) -> Session:
    identifiers = {"murfey": {"feedback_queue": "murfey_feedback"}}
    return Session(name=SESSION, kind="tomography", folder=tmp_path, identifiers=identifiers)


def ask_for(ledger: Ledger, session: Session, recipe: str, kind: str, key: str, *, dcid: int = 601) -> None:
    body = json.dumps({"recipes": [recipe], "parameters": {"movie": key, "dcid": dcid}})
    asked = Asked(session=session.name, recipe=recipe, key=key, kind=kind, item=key, body=body)
    ask(ledger, session, [asked], [Arrival(session=session.name, kind=kind, key=key)])


def ask_for_tilt(ledger: Ledger, session: Session, movie: str, dcid: int = 601) -> None:
    ask_for(ledger, session, "em-tomo-preprocess", "tilt_movie", movie, dcid=dcid)


def do(ledger: Ledger, kind: str) -> None:
    for lease in claim(ledger, Claimer(owner="run", kinds=(kind,), session=SESSION), 100):
        finish(ledger, lease)


def pass_time(ledger: Ledger, hours: float) -> None:
    """Let all that was written so far be older."""
    with ledger.engine.begin() as connection:
        for table, column in (("requests", "received"), ("outbox", "posted")):
            connection.execute(text(f"UPDATE {table} SET {column} = {column} - {3600 * hours}"))  # noqa: S608


def words(ledger: Ledger, session: Session) -> list[str]:
    return [each.words for each in findings(ledger, session)]


def test_what_has_just_come_is_not_stranded(ledger, session):
    ask_for_tilt(ledger, session, MOVIES[0])
    assert words(ledger, session) == []


def test_requests_that_nobody_is_at_are_stranded_until_they_are_done(ledger, session):
    for movie in MOVIES[:2]:
        ask_for_tilt(ledger, session, movie)
    pass_time(ledger, 2)
    first = words(ledger, session)[0]
    assert first.startswith("2 requests for em-tomo-preprocess wait: nobody is at them")
    assert first.endswith("the first came 2 h 0 min ago")
    claim(ledger, Claimer(owner="run", kinds=("tilt_movie",), session=SESSION), 1)
    assert [each.about for each in findings(ledger, session)][:2] == [
        "em-tomo-preprocess running",
        "em-tomo-preprocess waiting",
    ]


def test_a_request_of_which_nothing_is_made_yet_is_stranded(ledger, session):
    body = json.dumps({"parameters": {}})
    asked = Asked(session=SESSION, recipe="em-spa-class2d", key="a", kind="particle_batch", item="1", body=body)
    ask(ledger, session, [asked])
    pass_time(ledger, 1)
    assert [each.about for each in findings(ledger, session)] == ["em-spa-class2d planned"]


def test_tilts_of_a_series_that_nobody_asked_for_are_stranded(ledger, session):
    for movie in MOVIES:
        ask_for_tilt(ledger, session, movie)
    ask_for_tilt(ledger, session, "/another.tiff", dcid=602)
    do(ledger, "tilt_movie")
    pass_time(ledger, 1)
    assert [each.about for each in findings(ledger, session)] == ["series 601", "series 602"]
    assert words(ledger, session)[0].startswith(
        "3 tilts of data collection 601 have come, the last, Position_1_002_6.0_"
    )

    ask_for(ledger, session, "em-tomo-align", "tilt_series", "stack.mrc")
    do(ledger, "tilt_series")
    assert [each.about for each in findings(ledger, session)] == ["series 602"]


def test_a_late_tilt_is_stranded_until_its_series_is_asked_for_again(ledger, session):
    for movie in MOVIES[:2]:
        ask_for_tilt(ledger, session, movie)
    ask_for(ledger, session, "em-tomo-align", "tilt_series", "stack.mrc")
    pass_time(ledger, 1)
    ask_for_tilt(ledger, session, MOVIES[2])
    for kind in ("tilt_movie", "tilt_series"):
        do(ledger, kind)
    pass_time(ledger, 1)
    assert [each.about for each in findings(ledger, session)] == ["series 601"]
    ask_for(ledger, session, "em-tomo-align", "tilt_series", "another stack.mrc")
    do(ledger, "tilt_series")
    assert findings(ledger, session) == []


def test_a_tilt_that_is_announced_again_after_its_series_opens_nothing(ledger, session):
    ask_for_tilt(ledger, session, MOVIES[0])
    ask_for(ledger, session, "em-tomo-align", "tilt_series", "stack.mrc")
    for kind in ("tilt_movie", "tilt_series"):
        do(ledger, kind)
    pass_time(ledger, 1)
    again = json.dumps({"parameters": {"movie": MOVIES[0], "dcid": 601, "mc_uuid": 99}})
    asked = Asked(
        session=SESSION, recipe="em-tomo-preprocess", key=MOVIES[0], kind="tilt_movie", item=MOVIES[0], body=again
    )
    ask(ledger, session, [asked])
    pass_time(ledger, 1)
    assert findings(ledger, session) == []


@pytest.fixture
def refined(ledger, session) -> Session:
    """A session of single particles in which a refinement that Murfey asked for is over."""
    spa = session.model_copy(update={"name": SESSION, "kind": "spa"})
    ask_for(ledger, spa, "em-spa-refine", "refinement", "50000")
    do(ledger, "refinement")
    return spa


def test_a_stage_that_is_over_holds_murfey_back_until_it_is_told(ledger, refined):
    assert findings(ledger, refined) == []
    pass_time(ledger, 1)
    assert [each.about for each in findings(ledger, refined)] == ["em-spa-refine 50000 1"]
    post(ledger, [Message(target="murfey", key=f"{SESSION} done_refinement 7 203 9000 50000 1")])
    assert findings(ledger, refined) == []


def test_an_answer_that_is_on_its_way_holds_nothing_back(ledger, refined):
    post(ledger, [Message(target="answers", key=f"{SESSION} refinement 50000")])
    pass_time(ledger, 1)
    assert findings(ledger, refined) == []


def test_sessions_of_others_are_left_alone(ledger, tmp_path, session):
    ask_for_tilt(ledger, session, MOVIES[0])
    pass_time(ledger, 1)
    assert findings(ledger, session.model_copy(update={"identifiers": {}})) == []


def test_what_others_did_not_hear_is_found_with_the_error(ledger):
    post(ledger, [Message(target=target, key="a") for target in ("ispyb", "murfey", "report")])
    assert undelivered(ledger) == []
    (delivery,) = take(ledger, "ispyb")
    failed(ledger, delivery, "Data too long for column", rejected=True)
    pass_time(ledger, 1)
    found = undelivered(ledger)
    assert [each.about for each in found] == ["ispyb dead", "murfey pending"]
    assert found[0].words == "1 messages to ispyb were given up; one of the errors: Data too long for column"
    assert found[1].words == "1 messages to murfey are not sent, the first for 1 h 0 min"


def test_a_message_that_is_written_anew_is_not_old(ledger):
    post(ledger, [Message(target="ispyb", key="a", payload={"n": 1}, repeat=True)])
    pass_time(ledger, 1)
    assert len(undelivered(ledger)) == 1
    (delivery,) = take(ledger, "ispyb")
    sent(ledger, [delivery])
    post(ledger, [Message(target="ispyb", key="a", payload={"n": 2}, repeat=True)])
    assert undelivered(ledger) == []


def test_what_is_stranded_is_told_once_and_again_when_it_is_over(ledger, session, emitted):
    ask_for_tilt(ledger, session, MOVIES[0])
    look_for_stranded(ledger)
    assert emitted() == []
    pass_time(ledger, 1)
    for _ in range(2):
        look_for_stranded(ledger)
    ((event, resource, payload),) = emitted()
    assert (event, resource) == ("cryoem.session.stranded", f"cryoem.session.{SESSION}")
    assert payload["stranded"] == ["em-tomo-preprocess waiting", "series 601"]
    assert len(payload["words"]) == 2

    ask_for(ledger, session, "em-tomo-align", "tilt_series", "stack.mrc")
    for kind in ("tilt_movie", "tilt_series"):
        do(ledger, kind)
    look_for_stranded(ledger)
    assert [event for event, *_ in emitted()] == ["cryoem.session.stranded", "cryoem.session.flowing"]


@pytest.mark.parametrize(("seconds", "said"), [(20, "0 min"), (90, "2 min"), (5400, "1 h 30 min")])
def test_times_are_told_in_minutes(seconds, said):
    assert minutes(seconds) == said
