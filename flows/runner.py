"""How many tasks of a flow run at once."""

import os
from typing import Any, cast

from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner


def threads() -> TaskRunner[PrefectFuture[Any]]:
    """Run tasks in as many threads as the machine has cores.

    Without a number Prefect sets no limit, which would hold all movies of a tilt series in memory at once. A site sets
    another number by PREFECT_TASK_RUNNER_THREAD_POOL_MAX_WORKERS.
    """
    site = os.environ.get("PREFECT_TASK_RUNNER_THREAD_POOL_MAX_WORKERS")
    runner: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=int(site) if site else os.cpu_count())
    return cast("TaskRunner[PrefectFuture[Any]]", runner)
