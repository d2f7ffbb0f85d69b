"""A Prefect server and a worker of one's own, for the demonstration and for a machine without a facility's server."""

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.programs import program
from tasks.command import run, service
from tasks.errors import CommandError

WORK_POOL = "cryoem"
_PATIENCE = 120.0


@contextmanager
def prefect_server(folder: Path, port: int | None = None) -> Iterator[dict[str, str]]:
    """Keep a Prefect server with its database in a folder; yield the environment in which programs find it."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    environment = server_environment(folder, port)
    with service(server_command(port), cwd=folder, log=folder / "server.log", environment=environment):
        wait_for_server(environment, folder / "server.log")
        yield environment


# By default each state of a task is a transaction of its own, and SQLite lets writers wait for their turn by luck: some
# thousand tasks in a row leave others (starts of runs, signs of life of workers) without one for a minute, and they
# fail.
WRITES = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "500",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "2",
}


def server_environment(folder: Path, port: int) -> dict[str, str]:
    """Return the environment of a server that keeps its database in a folder, and of the programs that find it."""
    return {
        # Workers start runs with the first python in the path.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PREFECT_HOME": str(folder.resolve()),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        # Relative, so that the pages also work through a tunnel or a proxy.
        "PREFECT_SERVER_UI_API_URL": "/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # Kept in memory, what runs occupy would be forgotten by a server that dies: a sweep then would never be over.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        **WRITES,
        "PREFECT_LOGGING_EXTRA_LOGGERS": "tasks,flows",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    }


def server_command(port: int) -> list[str]:
    """Return the command that starts a server."""
    return [program("prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(port)]


def worker_command() -> list[str]:
    """Return the command that starts a worker."""
    return [program("prefect"), "worker", "start", "--pool", WORK_POOL, "--type", "process"]


@contextmanager
def prefect_worker(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Keep a worker that takes runs from the work pool."""
    often = {**environment, "PREFECT_WORKER_QUERY_SECONDS": "1"}
    with service(worker_command(), cwd=folder, log=folder / "worker.log", environment=often):
        yield


def deploy(environment: dict[str, str], only: str | None = None) -> str:
    """Make the work pool if it is not there, and deploy one or every flow of prefect.yaml; return what Prefect says."""
    project = folder_of_deployments()
    if not _has_work_pool(project, environment):
        create = [program("prefect"), "work-pool", "create", WORK_POOL, "--type", "process"]
        run(create, cwd=project, environment=environment)
    chosen = ["--all"] if only is None else ["--name", only]
    return run([program("prefect"), "--no-prompt", "deploy", *chosen], cwd=project, environment=environment)


def _has_work_pool(project: Path, environment: dict[str, str]) -> bool:
    """Tell whether the pool is there: a facility may have changed it, so it is not made anew."""
    try:
        run([program("prefect"), "work-pool", "inspect", WORK_POOL], cwd=project, environment=environment)
    except CommandError as error:
        if "not found" in str(error):
            return False
        raise
    return True


def folder_of_deployments() -> Path:
    """Return the folder of prefect.yaml: the package's if it is installed, the repository's otherwise."""
    package = Path(__file__).resolve().parent
    return package if (package / "prefect.yaml").exists() else package.parent


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_server(environment: dict[str, str], log: Path) -> None:
    """Wait until a server answers; raise CommandError if it does not."""
    url = f"{environment['PREFECT_API_URL']}/health"
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    raise CommandError(f"the Prefect server did not answer at {url} within {_PATIENCE:g} s; its log is {log}")
