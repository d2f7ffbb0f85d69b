"""What it costs to watch a folder of many files: CPU and wall seconds of a look, memory of the watcher.

Usage: python benchmarks/watching.py [FILES [FOLDERS]]
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import numpy as np
import psutil

from tasks.formats.tiff import write_tiff_frames
from tasks.ledger import Session, open_ledger, open_session
from tasks.watching import Watch, Watcher

FRAMES = 8
REPEATS = 10


class Clock:
    """A clock that goes on when told."""

    time = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.time


def main(files: int, folders: int) -> None:
    """Make the files, and look at them."""
    with tempfile.TemporaryDirectory() as temporary:
        raw, url = Path(temporary) / "raw", f"sqlite:///{temporary}/ledger.db"
        make(raw, files, folders)
        ledger, clock = open_ledger(url), Clock()
        open_session(ledger, Session(name="grid", kind="tomography", folder=Path(temporary) / "results"))
        watch = Watch(session="grid", kind="tomography", folders=(raw,), everything=1000)
        before = memory()
        watcher = Watcher(watch, ledger, clock=clock)
        print(f"{files} files of {FRAMES} frames in {folders} folders, per look:")
        measured("first look (all new)", lambda: watcher.poll(Event()))
        clock.time += 20
        measured("look that opens all and writes the ledger", lambda: watcher.poll(Event()))
        print(f"  memory of the watcher {(memory() - before) / 2**20:.0f} MiB more than before")
        clock.time += 20
        watcher.poll(Event())
        measured("nothing has changed", lambda: watcher.poll(Event()), REPEATS)

        def one_more() -> None:
            clock.time += 5
            (raw / "000" / f"new_{clock.time}.tif").write_bytes((raw / "000" / "000000.tif").read_bytes())
            watcher.poll(Event())

        measured("one new file each time", one_more, REPEATS)
        watcher = Watcher(watch.model_copy(update={"everything": 1}), ledger, clock=clock)
        measured("first look after a restart (ledger and folders)", lambda: watcher.poll(Event()))
        measured("look at every file", lambda: watcher.poll(Event()), REPEATS)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        print(f"  peak memory of the process {peak:.0f} MiB")


def make(raw: Path, files: int, folders: int) -> None:
    """Make small movies."""
    for folder in range(folders):
        (raw / f"{folder:03}").mkdir(parents=True)
    first = raw / "000" / "000000.tif"
    write_tiff_frames(first, [np.ones((16, 16), np.uint8)] * FRAMES, 2.0)
    content = first.read_bytes()
    for number in range(1, files):
        (raw / f"{number % folders:03}" / f"{number:06}.tif").write_bytes(content)


def measured(what: str, work: Callable[[], object], repeats: int = 1) -> None:
    """Say how long a work takes on average."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(repeats):
        work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"  {what:<50} {cpu / repeats:8.4f} CPU s {wall / repeats:8.4f} s")


def memory() -> int:
    """Return the memory of this process in bytes."""
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, int(sys.argv[2]) if len(sys.argv) > 2 else 100)
