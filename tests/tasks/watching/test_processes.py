"""A real watcher that is killed again and again while files are being copied."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from tasks.ledger import quarantined
from tasks.ledger.tables import attempts, items
from tasks.watching.arrivals import arrived

SERIES, TILTS = 8, 5
COUNT = SERIES * TILTS


def test_all_files_arrive_once_however_often_the_watcher_is_killed(ledger, url, folder, contents, write_mdoc):
    copying = threading.Thread(target=copy, args=(folder, contents[".tif"], write_mdoc))
    copying.start()
    for count in (1, COUNT // 4, COUNT // 2):
        with started(url, folder) as watcher:
            until(lambda count=count: len(arrived(ledger, "grid").sizes) >= count)
            watcher.kill()
    copying.join()
    with started(url, folder) as watcher:
        until(lambda: len(arrived(ledger, "grid").series) == SERIES)
        watcher.terminate()
        assert watcher.wait(60) == 0
    everything_arrived_once(ledger, len(contents[".tif"]))


def everything_arrived_once(ledger, size: int) -> None:
    query = select(items.c.kind, items.c.attempt, items.c.payload)
    rows = ledger.read(lambda connection: connection.execute(query).all())
    assert Counter(kind for kind, *_ in rows) == {"tilt_movie": COUNT, "tilt_series": SERIES}
    # An item that is announced with another payload gets another number.
    assert {attempt for _, attempt, _ in rows} == {0}
    assert {payload["size"] for kind, _, payload in rows if kind == "tilt_movie"} == {size}
    assert {len(payload["movies"]) for kind, _, payload in rows if kind == "tilt_series"} == {TILTS}
    assert ledger.read(lambda connection: connection.execute(select(attempts)).all()) == []
    assert quarantined(ledger, "grid") == []


def copy(folder: Path, whole: bytes, write_mdoc) -> None:
    """Copy as rsync does (under another name, then renamed) or as cp does (in pieces, under its own name)."""
    chance = random.Random(7)
    for series in range(SERIES):
        names = [f"TS_{series}_{number:03}_{3 * number}.0.tif" for number in range(TILTS)]
        write_mdoc(f"TS_{series}.mdoc", names)
        for number, name in enumerate(names):
            final = folder / f"frames_{series}" / name
            final.parent.mkdir(exist_ok=True)
            path = final.with_name(f".{name}.Ab12Cd") if number % 2 else final
            for begin in range(0, len(whole), len(whole) // 4):
                with path.open("ab") as file:
                    file.write(whole[begin : begin + len(whole) // 4])
                time.sleep(chance.uniform(0, 0.03))
            path.rename(final)


@contextmanager
def started(url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    watcher = subprocess.Popen([sys.executable, Path(__file__).with_name("watcher_process.py"), url, folder])
    try:
        yield watcher
    finally:
        watcher.kill()
        watcher.wait()


def until(done) -> None:
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)
