import pytest
from prefect.events.clients import AssertingEventsClient
from prefect.events.worker import EventsWorker
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.events import announce
from tasks.ledger import Arrival


@pytest.fixture
def emitted():
    """What would be sent to a server."""
    AssertingEventsClient.reset()
    EventsWorker.set_client_override(AssertingEventsClient)
    # Without an address Prefect would start a server.
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        yield sent_events
    EventsWorker.set_client_override(None)
    AssertingEventsClient.reset()


def sent_events() -> list[tuple[str, str, dict]]:
    EventsWorker.instance().drain()
    clients = AssertingEventsClient.all
    return [(event.event, event.resource.id, event.payload) for client in clients for event in client.events]


def series(name: str) -> Arrival:
    payload = {"name": name, "mdoc": f"/data/{name}.mdoc", "frames": "/data/frames", "movies": ["a", "b"]}
    payload |= {"missing": ["c"], "broken": []}
    return Arrival(session="grid", kind="tilt_series", key=payload["mdoc"], payload=payload)


def test_each_tilt_series_is_told_with_what_a_person_wants_to_see(emitted):
    announce([series("TS_01"), series("TS_02")])
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


def test_movies_that_arrive_together_are_told_together(emitted):
    movies = [
        Arrival(session=session, kind="tilt_movie", key=f"/data/{session}/{number}.tif")
        for session in ("grid", "lamella")
        for number in range(1000)
    ]
    announce(movies)
    names = [f"{number}.tif" for number in range(995, 1000)]
    assert emitted() == [
        (
            "cryoem.tilt-movie.arrived",
            f"cryoem.session.{session}",
            {"count": 1000, "newest": names, "folder": f"/data/{session}"},
        )
        for session in ("grid", "lamella")
    ]
