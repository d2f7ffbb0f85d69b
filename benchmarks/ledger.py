"""What an item costs the ledger: CPU time and bytes for arrival, claim, three results and two messages, and the end.

    python benchmarks/ledger.py [URL] [ITEMS]

prints each verb beside a bare transaction of one row on SQLite, measured in the same run. The CPU time of a PostgreSQL
server is not in it: about half as much again.
"""

import sqlite3
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import TypeVar

from tasks.ledger import (
    Arrival,
    Claimer,
    Lease,
    Ledger,
    Message,
    Result,
    Session,
    arrive,
    claim,
    finish,
    open_ledger,
    open_session,
    status,
)

T = TypeVar("T")

PATH = "/data/session/raw/GridSquare_1/Data/FoilHole_1_Data_2_3_20260101_120000_fractions"
MOTION = {"displacements": [[0.37 * frame, 0.21 * frame] for frame in range(40)], "early": 1.2, "late": 3.4}


def main(url: str, count: int) -> None:
    """Do the work of so many items, verb by verb."""
    ledger = open_ledger(url)
    open_session(ledger, Session(name="benchmark", kind="spa", folder=Path("/data/session")))
    claimer = Claimer(owner="benchmark", kinds=("movie",), session="benchmark")
    movies = [
        Arrival(session="benchmark", kind="movie", key=f"{PATH}_{number}", payload=MOTION) for number in range(count)
    ]
    leases: list[Lease] = []
    bare = bare_transaction(count)
    say("one row on bare SQLite", bare, bare)
    say("arrive", each(movies, lambda movie: arrive(ledger, [movie])), bare)
    say("arrive again", each(movies, lambda movie: arrive(ledger, [movie])), bare)
    say("claim", each(movies, lambda _: leases.extend(claim(ledger, claimer))), bare)
    say("finish", each(leases, lambda lease: end(ledger, lease)), bare)
    say("status, once", each([1], lambda _: status(ledger, "benchmark")), bare)
    ledger.close()


def end(ledger: Ledger, lease: Lease) -> None:
    """Finish an item with three results and two messages."""
    results = [
        Result(step=step, digest="0" * 64, result=MOTION, tool="embedded") for step in ("motion", "ctf", "picks")
    ]
    messages = [Message(target=target, key=lease.key, payload=MOTION) for target in ("ispyb", "murfey")]
    finish(ledger, lease, results, messages)


def bare_transaction(count: int) -> float:
    """Return the CPU milliseconds of writing one row as safely as the ledger does."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE rows (payload TEXT)")
        milliseconds = each(range(count), lambda _: connection.execute("INSERT INTO rows VALUES (?)", [PATH]))
        connection.close()
    return milliseconds


def each(things: Sequence[T], work: Callable[[T], object]) -> float:
    """Return the CPU milliseconds of work on one thing."""
    before = getrusage(RUSAGE_SELF)
    for thing in things:
        work(thing)
    after = getrusage(RUSAGE_SELF)
    return 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / len(things)


def say(what: str, milliseconds: float, bare: float) -> None:
    """Print one line."""
    print(f"{what:24} {milliseconds:8.3f} CPU ms {milliseconds / bare:8.1f} times one bare row")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "ledger.db"
        items = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
        main(sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{file}", items)
        if file.exists():
            print(f"{file.stat().st_size / items:.0f} bytes for each item")
