"""What the system costs under load: movies arrive faster than they can be worked off, with tools that cost nothing.

    python benchmarks/load.py [--items N] [--rate PER_SECOND] [--colds N] [--ledger URL]

starts a Prefect server, a worker and a watcher of its own, and lets the deployed flow of tilt movies do its work: files
appear, the watcher writes them to the ledger and emits events, an automation starts a run, the run works off what
waits. Three programs are called for each movie (MotionCor3 for its version and for the motion, CTFFIND), which are one
small C program (1 to 2 ms, and an image of 1 MiB each for motion and CTF). All else is real: reading headers, two
records, a picture and a profile, measuring ice on 512 x 512 pixels, the ledger, a task run in Prefect.

Printed are items in a second, CPU seconds for each item by process, memory over time, bytes of the databases for each
item, and the time from the arrival in the ledger to the beginning of the work, while a run is there and while none is.
The temporary folder needs 2.3 MiB for each item.
"""

import argparse
import itertools
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from load_meter import Meter
from sqlalchemy import Row, text

from flows.local import deploy, prefect_server, prefect_worker
from flows.programs import program
from tasks.command import run, service
from tasks.formats.mrc import write_mrc
from tasks.formats.tiff import write_tiff_frames
from tasks.ledger import Ledger, attended, open_ledger

SESSION, KIND = "load", "tilt_movie"
TILTS = 41
LOOK = 0.5
"""Seconds between looks of the watcher, and for which a file must not change."""
HERE = Path(__file__).parent
CTFFIND = HERE.parent / "tests" / "data" / "ctffind"

_STATES = text("SELECT state, count(*) FROM items WHERE kind = 'tilt_movie' GROUP BY state")
_REASON = text("SELECT reason FROM items WHERE state = 'quarantined'")
_TIMES = text("SELECT arrived, first_claimed, finished FROM items WHERE kind = 'tilt_movie' ORDER BY arrived")
_TASKS = "SELECT coalesce(sum(state_type = 'COMPLETED'), 0), count(*) FROM task_run WHERE name LIKE 'tilt movie%'"


@dataclass(frozen=True)
class Site:
    """Where all happens."""

    folder: Path
    ledger: Ledger
    movie: bytes
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def write(self) -> None:
        """Let the microscope write a movie."""
        series, tilt = divmod(next(self.numbers), TILTS)
        name = f"TS_{series:04}_{tilt:03}_{3.0 * (tilt - TILTS // 2):.1f}.tif"
        (self.folder / "raw" / name).write_bytes(self.movie)

    def times(self) -> Sequence[Row[float, float, float]]:
        """Return when each movie arrived, was begun and finished, in the order of arrival."""
        return self.ledger.read(lambda connection: connection.execute(_TIMES).all())

    def done(self) -> int:
        """Count the movies that are done; none may have failed."""
        counts = dict(self.ledger.read(lambda connection: connection.execute(_STATES).all()))
        if "quarantined" in counts:
            raise RuntimeError(self.ledger.read(lambda connection: connection.scalar(_REASON)))
        return counts.get("done", 0)

    def is_idle(self) -> bool:
        """Tell whether no run is there."""
        return attended(self.ledger, SESSION, KIND) == 0

    def task_runs(self) -> tuple[int, int]:
        """Return the number of completed task runs in Prefect, and of all."""
        with sqlite3.connect(f"file:{self.folder}/prefect/prefect.db?mode=ro", uri=True) as connection:
            done, every = connection.execute(_TASKS).fetchone()
        return done, every

    def sizes(self) -> tuple[int, int]:
        """Return the bytes of Prefect's database and of the ledger."""
        prefect = sum(file.stat().st_size for file in self.folder.glob("prefect/prefect.db*"))
        if self.ledger.engine.dialect.name == "postgresql":
            query = text("SELECT pg_database_size(current_database())")
            return prefect, self.ledger.read(lambda connection: connection.scalar(query)) or 0
        return prefect, sum(file.stat().st_size for file in self.folder.glob("ledger.db*"))


def main(items: int, rate: float, colds: int, url: str | None) -> None:
    """Run the whole scenario and print what it cost."""
    with tempfile.TemporaryDirectory(prefix="load-") as temporary, site(Path(temporary), url) as place:
        meter, before = Meter(database=bool(url)), place.sizes()
        meter.start()
        cold = stream(place, 1, rate)
        load = stream(place, items, rate)
        report(place, meter, load)
        prefect, ledger = (now - then for now, then in zip(place.sizes(), before, strict=True))
        print(f"bytes for each item: Prefect {prefect / items:.0f}, ledger {ledger / items:.0f}", flush=True)
        waits("draining", stream(place, 60, 2.0))
        for _ in range(colds - 1):
            wait_for(place.is_idle)
            # A run that no longer attends takes a moment to end.
            time.sleep(5)
            cold += stream(place, 1, rate)
        waits("cold", cold)


def stream(place: Site, count: int, rate: float) -> list[Row[float, float, float]]:
    """Let movies arrive at a rate, and wait until all are done; return their times."""
    before, begun = place.done(), time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        place.write()
    wait_for(lambda: place.done() == before + count)
    return list(place.times()[before:])


def report(place: Site, meter: Meter, rows: Sequence[Row[float, float, float]]) -> None:
    """Print what the items have cost, when Prefect has written all down."""
    await_task_runs(place, len(rows) + 1)
    spent, begun = meter.stop(), min(row.first_claimed for row in rows)
    taken = max(row.finished for row in rows) - begun
    arriving = rows[-1].arrived - rows[0].arrived
    print(f"{len(rows)} items in {taken:.0f} s: {len(rows) / taken:.2f} items/s; they arrived within {arriving:.0f} s")
    print("CPU ms for each item, with sweeps and the starts of runs:")
    for part, seconds in sorted(spent.items(), key=lambda pair: -pair[1]):
        print(f"  {part:<22} {1e3 * seconds / len(rows):8.1f}")
    print(f"  {'all':<22} {1e3 * sum(spent.values()) / len(rows):8.1f}")
    print("memory in MiB:")
    for when, memory in meter.memories[:: max(1, len(meter.memories) // 10)]:
        print(f"  {when - begun:8.0f} s:", ", ".join(f"{part} {size:.0f}" for part, size in sorted(memory.items())))
    done, every = place.task_runs()
    print(f"task runs in Prefect: {done} completed of {every}, for {len(rows) + 1} items")


def waits(when: str, rows: Sequence[Row[float, float, float]]) -> None:
    """Print the time from the arrival in the ledger to the beginning of the work."""
    median, high = np.percentile([row.first_claimed - row.arrived for row in rows], (50, 95))
    print(f"arrival to work, {when:<9} p50 {median:6.2f} s, p95 {high:6.2f} s, of {len(rows)}", flush=True)


def await_task_runs(place: Site, expected: int) -> None:
    """Wait until all task runs are in Prefect's database, or none has been added for a while."""
    seen, since = 0, time.monotonic()
    while seen < expected and time.monotonic() - since < 20:
        time.sleep(1)
        done, _ = place.task_runs()
        if done != seen:
            seen, since = done, time.monotonic()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    while not condition():
        time.sleep(0.5)


@contextmanager
def site(folder: Path, url: str | None) -> Iterator[Site]:
    """Keep a server, a worker and a watcher running."""
    (folder / "raw").mkdir()
    url = url or f"sqlite:///{folder}/ledger.db"
    watch = [program("cryoem-flows"), "watch", folder / "raw", "--session", SESSION, "--project", folder / "out"]
    watch += ["--interval", str(LOOK), "--settling", str(LOOK)]
    for name, value in parameters(make_tool(folder / "samples")).items():
        watch += ["--set", f"{name}={json.dumps(value)}"]
    with prefect_server(folder / "prefect") as environment:
        environment |= {"CRYOEM_FLOWS_LEDGER": url, "OMP_NUM_THREADS": "1"}
        deploy(environment)
        with (
            prefect_worker(folder / "prefect", environment),
            service(watch, cwd=folder, log=folder / "watch.log", environment=environment),
        ):
            wait_for(lambda: "watching" in (folder / "watch.log").read_text())
            yield Site(folder, open_ledger(url), make_movie(folder / "samples" / "movie.tif"))


def parameters(tool: Path) -> dict[str, object]:
    """Return how the session is processed: with one image of each movie."""
    motion = {"tool": "motioncor3", "executable": str(tool), "halves": False, "dose_weighting": False}
    ctf = {"tool": "ctffind4", "executable": str(tool)}
    acquisition = {"pixel_size": 1.0}
    return {"acquisition": acquisition, "tilt_axis_angle": 85.0, "motion_corrector": motion, "ctf_estimator": ctf}


def make_tool(samples: Path) -> Path:
    """Compile the program that stands for the tools, and write what it gives out."""
    samples.mkdir()
    write_mrc(samples / "image.mrc", np.random.default_rng(0).normal(size=(512, 512)).astype(np.float32), 1.0)
    for path in CTFFIND.iterdir():
        (samples / path.name).write_bytes(path.read_bytes())
    tool = samples / "tool"
    run(["cc", "-O1", f'-DSAMPLES="{samples}"', "-o", tool, HERE / "load_tool.c"], cwd=samples)
    return tool


def make_movie(path: Path) -> bytes:
    """Return a small movie of eight frames."""
    write_tiff_frames(path, [np.ones((16, 16), np.uint8)] * 8, 2.0)
    return path.read_bytes()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=600)
    parser.add_argument("--rate", type=float, default=20.0, help="movies that arrive in a second")
    parser.add_argument("--colds", type=int, default=3, help="how often a movie arrives while no run is there")
    parser.add_argument("--ledger", help="by default an SQLite file")
    given = parser.parse_args()
    main(given.items, given.rate, given.colds, given.ledger)
