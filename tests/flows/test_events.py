import pytest
from prefect.events.clients import AssertingEventsClient
from prefect.events.worker import EventsWorker

from flows.events import announce, remind_of
from tasks.ledger import Arrival, Claimer, Ledger, Session, arrive, open_ledger, open_session, sign_off, sign_on


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    open_session(ledger, Session(name="grid", kind="tomography", folder=tmp_path))
    return ledger


def labels() -> list[str]:
    EventsWorker.instance().drain()
    return [event.resource["cryoem.attended"] for client in AssertingEventsClient.all for event in client.events]


def series(name: str) -> Arrival:
    payload = {"name": name, "mdoc": f"/data/{name}.mdoc", "frames": "/data/frames", "movies": ["a", "b"]}
    payload |= {"missing": ["c"], "broken": []}
    return Arrival(session="grid", kind="tilt_series", key=payload["mdoc"], payload=payload)


def test_each_tilt_series_is_told_with_what_a_person_wants_to_see(emitted, ledger):
    announce(ledger, [series("TS_01"), series("TS_02")])
    told = emitted()
    assert [payload["name"] for *_, payload in told] == ["TS_01", "TS_02"]
    assert told[0] == (
        "cryoem.tilt-series.arrived",
        "cryoem.session.grid",
        {
            "name": "TS_01",
            "tilts": 2,
            "missing": 1,
            "broken": 0,
            "mdoc": "/data/TS_01.mdoc",
            "folder": "/data/frames",
        },
    )


def test_movies_that_arrive_together_are_told_together(emitted, ledger):
    movies = [
        Arrival(session=session, kind="tilt_movie", key=f"/data/{session}/{number}.tif")
        for session in ("grid", "lamella")
        for number in range(1000)
    ]
    announce(ledger, movies)
    names = [f"{number}.tif" for number in range(995, 1000)]
    assert emitted() == [
        (
            "cryoem.tilt-movie.arrived",
            f"cryoem.session.{session}",
            {"count": 1000, "newest": names, "folder": f"/data/{session}"},
        )
        for session in ("grid", "lamella")
    ]


def test_an_event_says_whether_somebody_attends_to_the_session(emitted, ledger):
    run = Claimer(owner="run", kinds=("tilt_series",), session="grid")
    announce(ledger, [series("TS_01")])
    sign_on(ledger, run)
    announce(ledger, [series("TS_02")])
    sign_off(ledger, "run")
    announce(ledger, [series("TS_03")])
    assert labels() == ["no", "yes", "no"]


def test_what_came_while_a_run_signed_off_is_reminded_of(emitted, ledger):
    remind_of(ledger, "grid", "tilt_series")
    assert emitted() == []
    arrive(ledger, [series("TS_01")])
    remind_of(ledger, "grid", "tilt_movie")
    remind_of(ledger, "grid", "tilt_series")
    assert emitted() == [("cryoem.tilt-series.waiting", "cryoem.session.grid", {"count": 1})]
