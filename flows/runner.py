"""Where the tasks of a flow run, as the site's settings say."""

from typing import Any, NoReturn, Self, cast

from prefect.futures import PrefectFuture
from prefect.settings import get_current_settings
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.hardware import cores
from tasks.errors import InputError
from tasks.settings import Settings

Runner = TaskRunner[PrefectFuture[Any]]


class SiteTaskRunner(Runner):
    """Stands for the runner that the settings ask for at the moment when a run of the flow starts."""

    def __init__(self, refusal: InputError | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._refusal = refusal or TypeError("tasks are submitted to the duplicate of this runner")

    def duplicate(self) -> Self:
        """Return the runner of one run, which is what Prefect calls this for."""
        try:
            return cast("Self", task_runner(Settings()))
        except InputError as error:
            # Raised here it would leave the run as running for ever; raised for a task it fails the run.
            return type(self)(error)

    def submit(self, *_: object, **__: object) -> NoReturn:
        """Refuse a task."""
        raise self._refusal


def task_runner(settings: Settings) -> Runner:
    """Return the runner that the settings ask for."""
    return _threads(settings.threads) if settings.runner == "threads" else _dask(settings)


def _threads(number: int | None) -> Runner:
    """Run tasks in as many threads as there are cores, or as the site's settings or Prefect's say.

    Without a number Prefect sets no limit, which would hold all movies of a tilt series in memory at once.
    """
    number = number or get_current_settings().tasks.runner.thread_pool_max_workers or cores()
    return cast("Runner", ThreadPoolTaskRunner(max_workers=number))


def _dask(settings: Settings) -> Runner:
    """Run tasks on the workers of a Dask scheduler that is there, or on workers of our own for this run."""
    # Importing Dask takes seconds, which flows without it need not wait for.
    from flows.cluster import local_cluster  # noqa: PLC0415
    from flows.dask_runner import EndingDaskTaskRunner  # noqa: PLC0415

    if settings.scheduler:
        return cast("Runner", EndingDaskTaskRunner(address=settings.scheduler))
    given = {"gpus": settings.gpus, "workers": settings.workers, "threads": settings.threads or 1}
    runner = EndingDaskTaskRunner(cluster_class=cast("Any", local_cluster), cluster_kwargs=given)
    return cast("Runner", runner)
