"""The whole way with real parts: server, work pool, worker, deployment, run, and what is left afterwards."""

import psutil
import pytest

from flows.demo import DEPLOYMENT, api, follow, results, submit
from flows.local import deploy, prefect_server, prefect_worker
from flows.sources import MdocSource
from flows.tomography import Tomography

pytestmark = pytest.mark.prefect


def mine() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


def test_a_deployment_run_by_a_worker_makes_a_tomogram_and_leaves_no_process(simulated_tilt_series, tmp_path, capsys):
    first = simulated_tilt_series.tilts[0].movie
    tomography = Tomography(
        name="deployed",
        source=MdocSource(mdoc=simulated_tilt_series.mdoc, frames=first.path.parent, acquisition=first.acquisition),
        folder=tmp_path / "results",
    )
    before = mine()
    with prefect_server(tmp_path / "prefect") as environment, api(environment) as client:
        assert DEPLOYMENT in deploy(environment)
        with prefect_worker(tmp_path / "prefect", environment):
            flow_run = submit(tomography, environment)
            follow(flow_run, client)
            finished = client.read_flow_run(flow_run)
    assert finished.state.is_completed(), finished.state.message
    assert finished.name == "deployed"
    assert all(path.exists() for path in results(tomography.folder).values())
    assert "done: " in capsys.readouterr().out
    assert mine() <= before
