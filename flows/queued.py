"""Runs that wait for a worker: one for a session is enough, however often it was asked for."""

from collections.abc import Iterator
from itertools import groupby

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

from tasks.settings import Settings

DEPLOYMENTS = {
    "tilt_movie": "tilt-movies",
    "tilt_series": "tilt-series",
    "movie": "spa-preprocess",
    "particle_diameter": "spa-extract",
    "extraction": "spa-extract",
    "particle_file": "spa-extract",
    "particle_batch": "spa-class2d",
    "classification_3d": "spa-class3d",
    "refinement": "spa-refine",
    "b_factor": "spa-bfactor",
}
"""The deployment that works off items of a kind."""
_PAGE = 200


def is_queued(session: str, kind: str) -> bool:
    """Tell whether a run for items of a kind in a session waits for a worker."""
    with get_client(sync_client=True) as client:
        return any(_session(run) == session for run in _queued(client, DEPLOYMENTS.get(kind, "")))


def thin_out() -> int:
    """Delete the runs that wait for a worker in vain, as others of their session do; return their number.

    While no worker takes runs, every event of a session adds one.
    """
    deleted = 0
    with get_client(sync_client=True) as client:
        for deployment in sorted(set(DEPLOYMENTS.values())):
            runs = sorted(_queued(client, deployment), key=_session)
            for _, same in groupby(runs, key=_session):
                for run in list(same)[Settings().runs_per_session :]:
                    client.delete_flow_run(run.id)
                    deleted += 1
    return deleted


def _queued(client: SyncPrefectClient, deployment: str) -> Iterator[FlowRun]:
    """Return the runs of a deployment that wait for a worker, the oldest first."""
    chosen = DeploymentFilter(name=DeploymentFilterName(any_=[deployment]))
    waiting = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])))
    yield from client.read_flow_runs(
        flow_run_filter=waiting,
        deployment_filter=chosen,
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=_PAGE,
    )


def _session(run: FlowRun) -> str:
    return str(run.parameters.get("session", ""))
