"""The whole way with real parts: server, work pool, worker, deployment, run, and what is left afterwards."""

import json
import time

import psutil
import pytest

from flows.demo import DEPLOYMENT, demonstration, results
from flows.demonstration import api, follow, submit
from flows.local import deploy, prefect_server, prefect_worker
from flows.programs import program
from flows.sources import MdocSource
from flows.tomography import Tomography
from tasks.command import service
from tasks.ledger import all_sessions, open_ledger, status

pytestmark = pytest.mark.prefect


def mine() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


def wait_for(condition, seconds: float = 400) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(1)
    return False


def tilt_series_done(ledger) -> int:
    """How many tilt series are done; a session that is not open yet has none."""
    if "cm1" not in {session.name for session in all_sessions(ledger)}:
        return 0
    return sum(kind.done for kind in status(ledger, "cm1").kinds if kind.kind == "tilt_series")


def test_what_the_watcher_finds_is_processed(simulated_tilt_series, tmp_path):
    """Files, ledger, event, automation, deployment, worker, tomogram: nobody starts anything by hand."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    acquisition = simulated_tilt_series.tilts[0].movie.acquisition.model_dump(mode="json")
    with prefect_server(tmp_path / "prefect") as environment:
        environment |= {"CRYOEM_FLOWS_LEDGER": url}
        deploy(environment)
        watch = [program("cryoem-flows"), "watch", simulated_tilt_series.mdoc.parent, "--session", "cm1"]
        watch += ["--project", tmp_path / "cm1", "--set", f"acquisition={json.dumps(acquisition)}"]
        watch += ["--interval", "1", "--settling", "1", "--mdoc-settling", "1"]
        with (
            prefect_worker(tmp_path / "prefect", environment),
            service(watch, cwd=tmp_path, log=tmp_path / "watch.log", environment=environment),
        ):
            ledger = open_ledger(url)
            assert wait_for(lambda: tilt_series_done(ledger) == 1), (tmp_path / "watch.log").read_text()
    assert len(list((tmp_path / "cm1").rglob("*_denoised.mrc"))) == 1


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
            flow_run = submit(demonstration(tomography), environment)
            follow(flow_run, client)
            finished = client.read_flow_run(flow_run)
    assert finished.state.is_completed(), finished.state.message
    assert finished.name == "deployed"
    assert all(path.exists() for path in results(tomography.folder).values())
    assert "done: " in capsys.readouterr().out
    assert mine() <= before
