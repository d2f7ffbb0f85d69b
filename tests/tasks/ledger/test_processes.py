"""Real processes that are killed, stopped and cut off from the database while they work."""

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import select

from tasks.ledger import (
    Arrival,
    Ledger,
    arrive,
    expire,
    found,
    posted,
    quarantined,
    status,
)
from tasks.ledger.tables import attempts

ITEMS = 200
LEASE = 1.0


def test_each_item_is_done_once_whoever_is_killed(
    ledger_by_its_own_clock: Ledger, empty_url: str, tmp_path: Path, restart
) -> None:
    ledger = ledger_by_its_own_clock
    arrive(ledger, [Arrival(session="grid", kind="movie", key=f"{number:03}") for number in range(ITEMS)])
    workers = [start(empty_url, tmp_path) for _ in range(3)]
    try:
        until_done(ledger, ITEMS // 5)
        workers[0].kill()
        stop(workers[1], 3 * LEASE)
        workers.append(start(empty_url, tmp_path))
        until_done(ledger, ITEMS // 2)
        restart()
        workers[2].kill()
        until_done(ledger, ITEMS)
        assert [worker.wait(30) for worker in workers] == [-signal.SIGKILL, 0, -signal.SIGKILL, 0]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    each_is_done_once(ledger, tmp_path)


def each_is_done_once(ledger: Ledger, folder: Path) -> None:
    assert quarantined(ledger, "grid") == []
    query = select(attempts.c.item_id, attempts.c.outcome)
    outcomes = ledger.read(lambda connection: connection.execute(query).all())
    assert sorted(Counter(item for item, outcome in outcomes if outcome == "done").values()) == [1] * ITEMS
    assert {outcome for _, outcome in outcomes} <= {"done", "lost-worker"}
    assert [key for key, _ in found(ledger, "grid", "motion")] == [f"{number:03}" for number in range(ITEMS)]
    assert posted(ledger, "ispyb") == {"pending": ITEMS}
    # Who is killed between the end of an item and saying so says nothing; nobody says it for another.
    acknowledged = Counter((folder / "acknowledged").read_text().split())
    assert set(acknowledged.values()) == {1}
    assert ITEMS - len(acknowledged) <= 2


def start(url: str, folder: Path) -> subprocess.Popen[bytes]:
    script = Path(__file__).with_name("worker_process.py")
    return subprocess.Popen([sys.executable, script, url, folder / "acknowledged", str(LEASE)])


def stop(worker: subprocess.Popen[bytes], seconds: float) -> None:
    """Stop a worker for longer than its lease, wherever it is; it then goes on as if nothing had happened."""
    worker.send_signal(signal.SIGSTOP)
    threading.Timer(seconds, worker.send_signal, [signal.SIGCONT]).start()


def until_done(ledger: Ledger, count: int) -> None:
    until = time.monotonic() + 120
    while (done := status(ledger, "grid").kinds[0].done) < count:
        assert time.monotonic() < until, f"{done} of {count} are done"
        expire(ledger)
        time.sleep(0.2)
