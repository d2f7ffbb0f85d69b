"""A flow whose tasks say where they run. Dask workers and other processes must be able to import it."""

import os
import signal
import sys
import time
from pathlib import Path

from distributed import get_worker
from prefect import flow, task

from flows.runner import SiteTaskRunner
from tasks.command import run


@task
def use(program: Path, name: str) -> str:
    """Run a program and return what it printed."""
    return run([program, name], cwd=program.parent).strip()


@flow(task_runner=SiteTaskRunner())
def use_often(program: Path, times: int) -> list[str]:
    return [future.result() for future in [use.submit(program, f"use-{number}") for number in range(times)]]


@task
def die(folder: Path, times: int) -> int:
    """Kill the own process until it was done so many times."""
    mark = folder / "deaths"
    deaths = int(mark.read_text()) if mark.exists() else 0
    if deaths < times:
        mark.write_text(str(deaths + 1))
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


@flow(task_runner=SiteTaskRunner())
def use_and_die(program: Path, times: int) -> tuple[list[str], object]:
    """Use a program in six tasks at once, let a task kill its workers, and use the program once more."""
    using = [use.submit(program, f"use-{number}") for number in range(6)]
    used = [future.result() for future in using]
    dying = die.submit(program.parent, times)
    dying.wait()
    last = use.submit(program, "last").result()
    return [*used, last], dying.state.result(raise_on_failure=False)


@task
def nap() -> tuple[float, float, int]:
    start = time.monotonic()
    time.sleep(0.3)
    return start, time.monotonic(), os.getpid()


@flow(task_runner=SiteTaskRunner())
def nap_often(times: int) -> list[tuple[float, float, int]]:
    return [future.result() for future in [nap.submit() for _ in range(times)]]


@task
def worker() -> str:
    """Return the address of the Dask worker that runs this."""
    return str(get_worker().address)


@flow(task_runner=SiteTaskRunner())
def workers(times: int) -> set[str]:
    return {future.result() for future in [worker.submit() for _ in range(times)]}


if __name__ == "__main__":
    use_often(Path(sys.argv[1]), 2)
