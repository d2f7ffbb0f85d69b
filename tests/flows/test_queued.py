from uuid import uuid4

import pytest
from prefect.client.orchestration import get_client

from flows.queued import DEPLOYMENTS, is_queued, thin_out
from flows.tilt_movies import process_tilt_movies

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api")]


@pytest.fixture
def ask(prefect_api):
    """Ask for runs of the deployment as events do, without a worker that takes them."""
    with get_client(sync_client=True) as client:
        flow = client.create_flow(process_tilt_movies)
        deployment = client.create_deployment(flow, DEPLOYMENTS["tilt_movie"])

        def times(number: int, session: str) -> list[object]:
            runs = [
                client.create_flow_run_from_deployment(
                    deployment, parameters={"session": session}, idempotency_key=str(uuid4())
                )
                for _ in range(number)
            ]
            return [run.id for run in runs]

        yield times
        client.delete_deployment(deployment)


def test_one_run_of_a_session_waits_however_often_it_was_asked_for(ask):
    ask(3, "cm1")
    ask(1, "cm2")
    assert is_queued("cm1", "tilt_movie")
    assert not is_queued("cm1", "tilt_series")
    assert not is_queued("cm3", "tilt_movie")
    assert thin_out() == 2
    assert thin_out() == 0
    assert is_queued("cm1", "tilt_movie")
    assert is_queued("cm2", "tilt_movie")


def test_as_many_runs_wait_as_may_work_on_a_session(ask, monkeypatch):
    monkeypatch.setenv("CRYOEM_FLOWS_RUNS_PER_SESSION", "2")
    ask(3, "cm4")
    assert thin_out() == 1
