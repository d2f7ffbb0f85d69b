import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dask
import psutil
import pytest
import running_tasks
from distributed import LocalCluster
from prefect.settings import PREFECT_API_URL
from prefect.testing.utilities import prefect_test_harness
from running_tasks import nap_often, use_and_die, workers

from tasks.errors import InputError
from tasks.settings import Settings

pytestmark = pytest.mark.prefect


@pytest.fixture(scope="module", autouse=True)
def prefect_server():
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def site(monkeypatch):
    """Say the settings of the site, by the ends of their names."""

    def say(**settings: str) -> None:
        for name, value in settings.items():
            monkeypatch.setenv(f"CRYOEM_FLOWS_{name.upper()}", value)

    return say


def executable(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def looking(tmp_path):
    """A program that takes a moment and prints what it is given."""
    return executable(tmp_path / "look", 'sleep 0.3; echo "$CUDA_VISIBLE_DEVICES" "$CUDA_DEVICE_ORDER" "$SITE"')


def overlap(naps) -> int:
    """Return how many tasks ran at once at most."""
    return max(sum(start <= moment < end for start, end, _ in naps) for moment, _, _ in naps)


def workers_of(process: psutil.Process) -> list[psutil.Process]:
    return [child for child in process.children(recursive=True) if "spawn_main" in " ".join(child.cmdline())]


def test_each_worker_has_a_gpu_of_its_own_and_its_tasks_survive_it(site, looking, tmp_path, monkeypatch):
    site(runner="dask", gpus="0,3")
    monkeypatch.setenv("SITE", "ours")
    used, survivor = use_and_die(looking, 1)
    assert set(used) == {"0 PCI_BUS_ID ours", "3 PCI_BUS_ID ours"}
    assert isinstance(survivor, int)
    assert (tmp_path / "deaths").read_text() == "1"
    assert workers_of(psutil.Process()) == []


def test_a_task_that_no_worker_survives_fails_with_the_reason_and_the_flow_goes_on(site, looking, tmp_path):
    site(runner="dask", workers="1")
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        used, reason = use_and_die(looking, 99)
    assert len(used) == 7
    assert "workers died while running it" in str(reason)
    assert (tmp_path / "deaths").read_text() == "1"


def test_the_workers_of_a_scheduler_that_is_there_are_used(site):
    with LocalCluster(processes=False, n_workers=1, protocol="tcp", dashboard_address=None) as there:
        site(runner="dask", scheduler=there.scheduler_address)
        assert workers(3) == {there.workers[0].address}


def test_there_are_as_many_threads_as_the_site_says(site):
    site(threads="3")
    naps = nap_often(7)
    assert overlap(naps) == 3
    assert {process for _, _, process in naps} == {os.getpid()}


def test_a_killed_flow_leaves_no_worker_and_no_program_behind(tmp_path):
    """Nobody can clean up after kill -9, so the others must notice by themselves."""
    endless = executable(tmp_path / "endless", 'touch "$1"; sleep 987 & wait')
    environment = {
        **os.environ,
        "CRYOEM_FLOWS_RUNNER": "dask",
        "CRYOEM_FLOWS_GPUS": "0",
        "CRYOEM_FLOWS_THREADS": "2",
        "PREFECT_API_URL": PREFECT_API_URL.value(),
    }
    with subprocess.Popen([sys.executable, running_tasks.__file__, endless], env=environment) as flow:
        try:
            wait_until(lambda: {"use-0", "use-1"} <= {path.name for path in tmp_path.iterdir()})
            family = psutil.Process(flow.pid).children(recursive=True)
            assert sum("987" in process.cmdline() for process in family) == 2
            assert len(workers_of(psutil.Process(flow.pid))) == 1
        finally:
            flow.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []


def wait_until(condition, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.2)


def test_the_settings_are_read_when_a_run_starts_and_wrong_ones_fail_it(site):
    site(runner="dask", gpus="first")
    state = nap_often(1, return_state=True)
    assert state.is_failed()
    assert "CRYOEM_FLOWS_GPUS: 'first'; expected GPUs of this host" in state.message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"runner": "slurm"}, "CRYOEM_FLOWS_RUNNER: 'slurm'; expected .*threads .* or dask"),
        ({"runner": "dask", "gpus": "0,x"}, "CRYOEM_FLOWS_GPUS: '0,x'; expected .*as in 0,1,3"),
        ({"threads": "0"}, "CRYOEM_FLOWS_THREADS: '0'; expected Number"),
        ({"runner": "dask", "scheduler": "host"}, "CRYOEM_FLOWS_SCHEDULER: 'host'; expected Address"),
        (
            {"runner": "dask", "gpus": "0", "scheduler": "tcp://host:1"},
            "CRYOEM_FLOWS_GPUS: '0'; expected nothing beside CRYOEM_FLOWS_SCHEDULER",
        ),
        ({"runner": "dask", "gpus": "0", "workers": "2"}, "CRYOEM_FLOWS_WORKERS: 2; .*beside CRYOEM_FLOWS_GPUS"),
        ({"gpus": "0"}, "CRYOEM_FLOWS_GPUS: '0'; expected CRYOEM_FLOWS_RUNNER=dask beside it"),
    ],
)
def test_refuses_settings_that_cannot_be_used(site, settings, message):
    site(**settings)
    with pytest.raises(InputError, match=message):
        Settings()


def test_what_is_empty_is_not_set(site):
    site(gpus="", scheduler="", runner="")
    assert (Settings().runner, Settings().gpus, Settings().scheduler) == ("threads", None, None)
