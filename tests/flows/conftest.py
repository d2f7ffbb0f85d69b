import pytest
from prefect.events.clients import AssertingEventsClient
from prefect.events.worker import EventsWorker
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from tasks.ledger import Arrival, Ledger, Session, arrive, open_ledger, open_session
from tasks.simulation import SimulatedTiltSeries
from tasks.simulation.truth import TiltSeriesTruth


@pytest.fixture(scope="module")
def prefect_api():
    """A Prefect server of the tests' own, without a worker."""
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def ledger(tmp_path, monkeypatch) -> Ledger:
    """The ledger of the site."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    monkeypatch.setenv("CRYOEM_FLOWS_LEDGER", url)
    return open_ledger(url)


@pytest.fixture(scope="session")
def seen_tilt_series(tmp_path_factory) -> TiltSeriesTruth:
    """5 tilts of -20 to 20 degree, 192 x 192 pixels of 4 angstrom, fine enough to show Thon rings."""
    parameters = SimulatedTiltSeries(
        name="seen",
        seed=11,
        shape=(192, 192),
        pixel_size=4,
        largest_tilt=20,
        tilt_step=10,
        frames=2,
        beads=6,
        binning=2,
    )
    return parameters.simulate(tmp_path_factory.mktemp("seen_tilt_series"))


@pytest.fixture
def session(ledger, seen_tilt_series, tmp_path) -> Session:
    """A session in which a tilt series has arrived with its movies."""
    truth = seen_tilt_series
    parameters = {
        "acquisition": truth.tilts[0].movie.acquisition.model_dump(mode="json"),
        "tilt_axis_angle": truth.nominal_axis_angle,
        # The images are too small and few for the aligner to judge which of them are stray.
        "aligner": {"tool": "embedded", "smallest_share": 0},
    }
    session = Session(name="cm1", kind="tomography", folder=tmp_path / "cm1", parameters=parameters)
    open_session(ledger, session)
    movies = [str(tilt.movie.path) for tilt in truth.tilts]
    arrive(ledger, [Arrival(session="cm1", kind="tilt_movie", key=movie, payload={"path": movie}) for movie in movies])
    frames = str(truth.tilts[0].movie.path.parent)
    payload = {"name": truth.name, "mdoc": str(truth.mdoc), "frames": frames}
    arrive(ledger, [Arrival(session="cm1", kind="tilt_series", key=str(truth.mdoc), payload=payload)])
    return session


@pytest.fixture
def emitted():
    """What would be sent to a server."""
    AssertingEventsClient.reset()
    EventsWorker.set_client_override(AssertingEventsClient)
    # Without an address Prefect would start a server.
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        yield sent_events
        # What is not yet sent must not be taken for what the next test sends.
        EventsWorker.instance().drain()
    EventsWorker.set_client_override(None)
    AssertingEventsClient.reset()


def sent_events() -> list[tuple[str, str, dict]]:
    EventsWorker.instance().drain()
    clients = AssertingEventsClient.all
    return [(event.event, event.resource.id, event.payload) for client in clients for event in client.events]
