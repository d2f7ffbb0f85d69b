"""A small facility of real processes that a test may kill: Prefect server, workers, watcher."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import psutil
from faults.programs import FRAMES, Programs
from sqlalchemy import select

from flows.local import free_port, server_command, server_environment, wait_for_server, worker_command
from flows.programs import program
from tasks.formats.tiff import write_tiff_frames
from tasks.ledger import KindStatus, Ledger, all_sessions, open_ledger, quarantined, status
from tasks.ledger.tables import attendants

T = TypeVar("T")

SESSION = "grid"
SERIES, TILTS = 5, 40
ITEMS = SERIES * TILTS
PATIENCE = 240.0
ORDER = ("watcher", "worker", "other", "server")
"""In which processes are stopped."""


@dataclass
class Facility:
    """The processes of a facility, with all their files in one folder."""

    folder: Path
    url: str
    settings: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.1
    """What a program takes for an image."""
    ledger: Ledger = field(init=False)
    environment: dict[str, str] = field(init=False)
    programs: Programs = field(init=False)
    processes: dict[str, psutil.Popen] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = open_ledger(self.url)
        self.port = free_port()
        self.environment = server_environment(self.prefect, self.port) | {
            "CRYOEM_FLOWS_LEDGER": self.url,
            "CRYOEM_FLOWS_THREADS": "2",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            **self.settings,
        }
        self.programs = Programs.write(self.folder / "programs", self.seconds)
        self.raw.mkdir()

    @property
    def whole_environment(self) -> dict[str, str]:
        return os.environ | self.environment

    @property
    def prefect(self) -> Path:
        return self.folder / "prefect"

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def results(self) -> Path:
        return self.folder / "results" / SESSION

    def start_server(self) -> None:
        self.start("server", server_command(self.port))
        wait_for_server(self.environment, self.folder / "server.log")

    def start_worker(self, name: str = "worker") -> None:
        self.start(name, worker_command())

    def start_watcher(self) -> None:
        acquisition = {"pixel_size": 5.0, "dose_per_frame": 0.2}
        parameters = {**self.programs.parameters(), "acquisition": acquisition, "tilt_axis_angle": 85.0}
        command = [program("cryoem-flows"), "watch", self.raw, "--session", SESSION, "--project", self.results]
        for key, value in parameters.items():
            command += ["--set", f"{key}={json.dumps(value)}"]
        self.start("watcher", [*command, "--interval", "0.5", "--settling", "0.5"])

    def start(self, name: str, command: list[str | Path]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = psutil.Popen(
                command,
                cwd=self.folder,
                env=self.whole_environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """Kill a process, and of the server its children too; what a worker has started stays."""
        process = self.processes.pop(name)
        family = [process, *(process.children(recursive=True) if name == "server" else [])]
        for member in family:
            member.kill()
        psutil.wait_procs(family, timeout=30)

    def cut(self) -> None:
        """Kill all at once, as a power cut does."""
        family = self.alive()
        for process in family:
            process.kill()
        psutil.wait_procs([*family, *self.processes.values()], timeout=30)
        self.processes.clear()

    def stop(self) -> list[str]:
        """Ask all to end as a person would; return what is left of them, which is killed."""
        for name in sorted(self.processes, key=ORDER.index):
            process = self.processes.pop(name)
            if name == "server":
                # A sweep that has begun at the last moment ends by itself, but not without its server.
                psutil.wait_procs(self.engines(), timeout=60)
            # A worker that nothing keeps busy sometimes goes on after the first signal.
            for _ in range(2):
                with suppress(psutil.NoSuchProcess):
                    process.terminate()
                psutil.wait_procs([process], timeout=40)
        left = self.alive()
        said = [f"{process.pid} {' '.join(process.cmdline())}" for process in left]
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=30)
        self.ledger.close()
        return said

    def alive(self) -> list[psutil.Process]:
        """Return the processes that have our environment, and whatever they have started."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            ours = process.environ().get("PREFECT_API_URL") == self.environment["PREFECT_API_URL"]
            return ours and process.status() != psutil.STATUS_ZOMBIE
        return False

    def runs(self) -> dict[str, psutil.Process]:
        """Return the processes of the flow runs that attend to the session, by the number of the run."""
        ids = {_run_of(process): process for process in self.engines()}
        owners = self.ledger.read(lambda connection: list(connection.scalars(select(attendants.c.owner))))
        attending = {owner.removeprefix("flow run ") for owner in owners}
        return {number: process for number, process in ids.items() if number and number in attending}

    def engines(self) -> list[psutil.Process]:
        """Return the processes of all flow runs, sweeps too."""
        return [process for process in self.alive() if _is_run(process)]

    def expose(self, series: range) -> None:
        """Have the microscope write the movies of some tilt series."""
        first = self.folder / "movie.tif"
        if not first.exists():
            write_tiff_frames(first, list(_frames()), 5.0)
        for position in series:
            for number in range(TILTS):
                name = f"Position_{position}_{number + 1:03}_{angle(number):.2f}.tif"
                shutil.copy(first, self.raw / f".{name}")
                (self.raw / f".{name}").replace(self.raw / name)

    def movies(self) -> KindStatus:
        """Return how far the movies are."""
        if SESSION not in {session.name for session in all_sessions(self.ledger)}:
            return KindStatus(kind="tilt_movie")
        kinds = status(self.ledger, SESSION).kinds
        return kinds[0] if kinds else KindStatus(kind="tilt_movie")

    def until_done(self, count: int) -> float:
        """Wait until so many movies are done; return the seconds."""
        begun = time.monotonic()
        self.until(lambda: self.movies().done >= count)
        return time.monotonic() - begun

    def until(self, condition: Callable[[], T], seconds: float = PATIENCE) -> T:
        """Wait for a condition, and return what it found."""
        until = time.monotonic() + seconds
        while not (found := condition()):
            movies = self.movies()
            assert not movies.quarantined, [(item.key, item.reason) for item in quarantined(self.ledger, SESSION)][:3]
            assert time.monotonic() < until, f"in vain; {movies}; the logs are in {self.folder}"
            time.sleep(0.1)
        return found


def _is_run(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return "prefect.engine" in " ".join(process.cmdline())
    return False


def angle(number: int) -> float:
    """Return the angle of the nth exposure of a dose-symmetric series in degree."""
    return 3.0 * ((number + 1) // 2) * (1 if number % 2 else -1)


def _frames():
    return np.random.default_rng(1).poisson(1.0, (FRAMES, 16, 16)).astype(np.uint8)


def _run_of(process: psutil.Process) -> str | None:
    """Return the number of the flow run that a process does; none if it has just ended."""
    with suppress(psutil.Error):
        return process.environ().get("PREFECT__FLOW_RUN_ID")
    return None
