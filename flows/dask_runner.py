"""Prefect's Dask runner, except that a task ends when no worker survives it."""

from collections.abc import Iterable
from typing import Any

from prefect import Task
from prefect.client.schemas.objects import RunInput
from prefect.states import Crashed
from prefect_dask.task_runners import DaskTaskRunner, PrefectDaskFuture

from tasks.errors import CommandError

_ENDED = {"error", "cancelled"}


class DaskFuture(PrefectDaskFuture[Any]):
    """A task that may have killed its workers: Prefect's future would leave it as running for ever."""

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the end of the task."""
        super().wait(timeout)
        if self._final_state is None and self.wrapped_future.status in _ENDED:
            reason = self.wrapped_future.exception()  # type: ignore[no-untyped-call]
            reason = reason or CommandError("the Dask scheduler gave up the task")
            self._final_state = Crashed(message=str(reason), data=reason)


class EndingDaskTaskRunner(DaskTaskRunner):
    """Runs the tasks of a flow on Dask workers; each comes to an end."""

    def submit(  # type: ignore[override]  # overloads tell tasks apart that are the same here
        self,
        task: Task[Any, Any],
        parameters: dict[str, Any],
        wait_for: Iterable[PrefectDaskFuture[Any]] | None = None,
        dependencies: dict[str, set[RunInput]] | None = None,
    ) -> DaskFuture:
        """Give a task to the workers."""
        future = super().submit(task, parameters, wait_for, dependencies)
        return DaskFuture(future.task_run_id, future.wrapped_future)
