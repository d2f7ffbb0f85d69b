"""A demonstration: a flow that is deployed on a local Prefect server, and run as a user would."""

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import typer
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.local import deploy, prefect_server, prefect_worker
from flows.programs import program
from tasks.command import run
from tasks.errors import CommandError, ResultError
from tasks.models import Model


@dataclass(frozen=True)
class Demonstration:
    """What is run, and what a person wants to open afterwards."""

    deployment: str
    """As prefect deployment run wants it: FLOW/DEPLOYMENT."""
    parameters: Mapping[str, Model]
    folder: Path
    """Folder for the results."""
    results: Callable[[], Mapping[str, object]]
    """What came out, by its name."""
    then: Callable[[], "Demonstration | None"] = lambda: None
    """What is to be run next, now that this is done."""


def demonstrate(first: Demonstration, folder: Path, port: int | None, *, stay: bool) -> None:
    """Deploy, run and show; server and database are in the folder, and stay until Ctrl-C if ``stay``."""
    with prefect_server(folder / "prefect", port) as environment, api(environment) as client:
        typer.echo(f"The Prefect server is at {_page(environment)}")
        # Not all: some are started by the clock, and would take time from what is shown.
        deploy(environment, first.deployment.rpartition("/")[2])
        with prefect_worker(folder / "prefect", environment):
            following: Demonstration | None = first
            while following:
                perform(following, environment, client, folder / "prefect" / "worker.log")
                following = following.then()
            if stay:
                typer.echo("\nThe server stays so that you can look around; Ctrl-C ends it.")
                _wait_for_interrupt()


def perform(demonstration: Demonstration, environment: dict[str, str], client: SyncPrefectClient, log: Path) -> None:
    """Run what is deployed, show its progress, and say where the results are."""
    flow_run = submit(demonstration, environment)
    typer.echo(f"The run is at {_page(environment)}/runs/flow-run/{flow_run}")
    follow(flow_run, client)
    tell(demonstration, client.read_flow_run(flow_run), log)


def _page(environment: dict[str, str]) -> str:
    return environment["PREFECT_API_URL"].removesuffix("/api")


def submit(demonstration: Demonstration, environment: dict[str, str]) -> UUID:
    """Start the deployment as a user would on the command line; return the id of the run."""
    given = {name: value.model_dump(mode="json") for name, value in demonstration.parameters.items()}
    command = ["prefect", "deployment", "run", demonstration.deployment, "--params"]
    typer.echo(f"$ {' '.join(command)} '{{...}}'")
    words = [program(command[0]), *command[1:], json.dumps(given)]
    said = run(words, cwd=demonstration.folder.parent, environment=environment)
    found = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", said)
    if not found:
        raise CommandError(f"prefect deployment run did not say the id of the run: {said}")
    return UUID(found[0])


def follow(flow_run: UUID, client: SyncPrefectClient) -> None:
    """Say how many tasks are done until the run has ended."""
    said = ""
    while True:
        state = client.read_flow_run(flow_run).state
        said = _say(said, _progress(flow_run, client))
        if state and state.is_final():
            return
        time.sleep(1)


def tell(demonstration: Demonstration, flow_run: FlowRun, log: Path) -> None:
    """Say where the results are; raise ResultError if the run failed."""
    if not flow_run.state or flow_run.state.type != StateType.COMPLETED:
        message = flow_run.state.message if flow_run.state else "it never started"
        raise ResultError(f"the run {flow_run.name} failed: {message}; see its page or {log}")
    typer.echo("\nDone:")
    for what, found in demonstration.results().items():
        typer.echo(f"  {what:<20} {found}")


def _progress(flow_run: UUID, client: SyncPrefectClient) -> str:
    """Count the finished tasks of each kind: the first word of a task's name, which has several once it is given."""
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))
    done: Counter[str] = Counter()
    for task in client.read_task_runs(flow_run_filter=chosen, limit=200):
        if " " in task.name:
            done[task.name.split()[0]] += bool(task.state and task.state.is_final())
    return "  done: " + ", ".join(f"{kind} {count}" for kind, count in done.items()) if done else "  starting"


def _say(said: str, line: str) -> str:
    if line != said:
        typer.echo(line)
    return line


@contextmanager
def api(environment: dict[str, str]) -> Iterator[SyncPrefectClient]:
    """Talk to the server of an environment."""
    with temporary_settings({PREFECT_API_URL: environment["PREFECT_API_URL"]}), get_client(sync_client=True) as client:
        yield client


def _wait_for_interrupt() -> None:
    try:
        while sys.stdin is not None:
            time.sleep(1)
    except KeyboardInterrupt:
        typer.echo("Ending the server.")
