"""The demonstration: a simulated tilt series becomes a tomogram, by a deployed flow on a local Prefect server."""

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import typer
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.local import deploy, prefect_server, prefect_worker
from flows.programs import program
from flows.sources import MdocSource
from flows.tomography import Tomography
from tasks.command import run
from tasks.errors import CommandError, ResultError
from tasks.models import Acquisition, GainReference, Tomogram
from tasks.simulation import SimulatedTiltSeries, TiltSeriesTruth
from tasks.tomogram_reconstruction import EmbeddedReconstruction

SERIES = SimulatedTiltSeries(name="demo", tilt_step=4, beads=8)
DEPLOYMENT = "tomography/tomography"


def demonstrate(folder: Path, port: int | None, *, stay: bool) -> None:
    """Simulate, deploy, run and show; the server stays until Ctrl-C if ``stay``."""
    folder = folder.resolve()
    tomography = simulated(folder)
    with prefect_server(folder / "prefect", port) as environment, api(environment) as client:
        page = environment["PREFECT_API_URL"].removesuffix("/api")
        typer.echo(f"The Prefect server is at {page}")
        deploy(environment)
        with prefect_worker(folder / "prefect", environment):
            flow_run = submit(tomography, environment)
            typer.echo(f"The run is at {page}/runs/flow-run/{flow_run}")
            follow(flow_run, client)
            tell(tomography, client.read_flow_run(flow_run), folder / "prefect" / "worker.log")
            if stay:
                typer.echo("\nThe server stays so that you can look around; Ctrl-C ends it.")
                _wait_for_interrupt()


def simulated(folder: Path) -> Tomography:
    """Simulate the series, unless it is there, and say how to process it."""
    truth = folder / "data" / "truth.json"
    if not truth.exists():
        typer.echo("Simulating a tilt series of 31 movies ...")
        SERIES.simulate(truth.parent)
    known = TiltSeriesTruth.read(truth)
    acquisition = Acquisition(
        **SERIES.optics.model_dump(),
        pixel_size=SERIES.pixel_size,
        dose_per_frame=SERIES.dose / SERIES.frames,
        gain=known.gain and GainReference(path=known.gain),
    )
    if known.mdoc is None:
        raise ResultError(f"{truth} names no mdoc; remove {folder} and start again")
    return Tomography(
        name=SERIES.name,
        source=MdocSource(mdoc=known.mdoc, frames=truth.parent / "frames", acquisition=acquisition),
        folder=folder / "results",
        reconstructor=EmbeddedReconstruction(binning=2),
    )


def submit(tomography: Tomography, environment: dict[str, str]) -> UUID:
    """Start the deployment as a user would on the command line; return the id of the run."""
    parameters = json.dumps({"tomography": tomography.model_dump(mode="json")})
    command = ["prefect", "deployment", "run", DEPLOYMENT, "--params"]
    typer.echo(f"$ {' '.join(command)} '{{...}}'")
    said = run([program(command[0]), *command[1:], parameters], cwd=tomography.folder.parent, environment=environment)
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


def tell(tomography: Tomography, flow_run: FlowRun, log: Path) -> None:
    """Say where the results are; raise ResultError if the run failed."""
    if not flow_run.state or flow_run.state.type != StateType.COMPLETED:
        message = flow_run.state.message if flow_run.state else "it never started"
        raise ResultError(f"the run {flow_run.name} failed: {message}; see its page or {log}")
    typer.echo("\nDone:")
    for what, path in results(tomography.folder).items():
        typer.echo(f"  {what:<20} {path}")


def results(folder: Path) -> dict[str, Path]:
    """Return what a person wants to open."""
    volumes = {"tomogram": "tomogram_reconstruction", "denoised tomogram": "denoising"}
    paths = {}
    for what, step in volumes.items():
        record = json.loads(next((folder / step).glob("*.json")).read_text())
        paths[what] = Tomogram.model_validate(record["result"]).path
    paths["pictures"] = folder / "pictures"
    return paths


def _progress(flow_run: UUID, client: SyncPrefectClient) -> str:
    """Count the finished tasks of each kind: the first word of a task's name."""
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))
    done: Counter[str] = Counter()
    for task in client.read_task_runs(flow_run_filter=chosen, limit=200):
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
