"""How steps run as Prefect tasks: tried again when that may help, and not done twice."""

import logging
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run

from tasks import reuse
from tasks.errors import InputError, ResultError
from tasks.models import Model
from tasks.reuse import Place

P = ParamSpec("P")
R = TypeVar("R")
Found = TypeVar("Found", bound=Model)


# Prefect warns at every task that a timeout cannot interrupt a thread that waits for a program or a file. Programs have
# a timeout of their own, in tasks.command, which ends them with their children.
logging.getLogger("prefect.task_runs").addFilter(lambda record: "running in a worker thread" not in str(record.msg))


def may_help(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Tell whether a failed task is worth another try: not for bad input and untrustworthy results."""
    try:
        state.result()
    except (InputError, ResultError):
        return False
    except Exception:  # noqa: BLE001 - any other error may pass
        return True
    return True


def step(*, task_run_name: str, timeout_seconds: float | None = None) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Decorate a step: a Prefect task with the retries that every step has."""
    return task(
        task_run_name=task_run_name,
        timeout_seconds=timeout_seconds,
        retries=2,
        retry_delay_seconds=[5, 60],
        retry_condition_fn=may_help,
    )


def once(place: Place[Found], work: Callable[[], Found]) -> Found:
    """Return what was found of the same inputs, or do the work and record it with the flow run that did it."""
    return reuse.once(place, work, run=flow_run.id or "")
