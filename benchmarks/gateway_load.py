"""Thousands of requests as fast as the broker gives them, with an ISPyB that stops in the middle.

    PYTHONPATH=tests python benchmarks/gateway_load.py [--messages 5000] [--away 60] [--postgresql]

starts RabbitMQ, MariaDB with an ISPyB, the gateway in a process of its own, and a PostgreSQL server for the ledger if
asked for (an SQLite file if not). Requests for movies are sent at once; stand-ins work on them, and leave what the real
steps would leave, with images of 256 pixels. When ISPyB has heard of half of the movies its server is told to stop, and
started again after some seconds. Then all rows and all answers are counted. Prints what each part has cost.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import psutil
from mariadb_server import Ispyb, MariaDb
from murfey.load import Load, gateway
from murfey.rig import Rig, undelivered
from murfey.scripted import ScriptedMurfey, Site
from murfey.scripted_at_broker import REQUESTS
from postgresql_server import Server
from rabbitmq_server import RabbitMq

from tasks.ledger import open_ledger
from tasks.settings import Settings

PATIENCE = 3600.0
SERVERS = {"beam.smp": "RabbitMQ", "mariadbd": "MariaDB", "postgres": "PostgreSQL"}
"""By the names of their processes."""


def main(count: int, away: float, *, postgresql: bool) -> None:
    """Send so many requests and say what became of them."""
    with ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory()))
        broker, ispyb = parts.enter_context(rabbitmq()), parts.enter_context(ispyb_server())
        url = parts.enter_context(postgresql_database()) if postgresql else f"sqlite:///{folder}/ledger.db"
        os.environ |= {"CRYOEM_FLOWS_LEDGER": url, "CRYOEM_FLOWS_ISPYB": str(ispyb.credentials(folder))}
        rig = Rig(ScriptedMurfey(Site(folder / "data")), open_ledger(url))
        load = Load(rig, broker, ispyb, [name(number) for number in range(1, count + 1)])
        process = parts.enter_context(gateway(broker=broker.url, feedback_rate="1000"))
        # Its start is not measured.
        while not load.broker.is_consumed(REQUESTS):
            time.sleep(0.5)
        uses = Uses(process, load)
        load.run(away, PATIENCE)
        uses.tell()
        tell(load)


def name(number: int) -> str:
    """Return the name of a movie below the folder of the visit."""
    return f"Images-Disc1/GridSquare_{number // 100}/Data/FoilHole_{number}_20260101_{number:06}_fractions.tiff"


class Uses:
    """What the parts have used since this was made."""

    def __init__(self, process: psutil.Popen, load: Load) -> None:
        self._gateway, self._load = process, load
        self._before = self._now()

    def tell(self) -> None:
        """Print milliseconds of CPU time for each message."""
        print("CPU ms for each message:")
        for part, seconds in (self._now() - self._before).items():
            print(f"  {part}: {1000 * seconds / self._load.count:.2f}")
        print(f"memory of the gateway: {self._gateway.memory_info().rss / 2**20:.0f} MiB")
        print(f"load of the machine: {' '.join(f'{load:.1f}' for load in os.getloadavg())}")

    def _now(self) -> Counter[str]:
        found, own = Counter[str](), getrusage(RUSAGE_SELF)
        for thread in self._gateway.threads():
            part = "gateway" if thread.id == self._gateway.pid else "its deliveries"
            found[part] += thread.user_time + thread.system_time
        found["stand-ins and Murfey"] = own.ru_utime + own.ru_stime
        found["MariaDB"] = self._load.used
        for process in psutil.Process().children(recursive=True):
            times = process.cpu_times()
            found[SERVERS.get(process.name(), "others")] += times.user + times.system
        del found["others"]
        return found


def tell(load: Load) -> None:
    """Print when what was so, and what is there in the end."""
    for stage, seconds in load.times.items():
        print(f"all {stage}: after {seconds:.0f} s, {load.count / seconds:.1f}/s")
    there, due = load.rows(), load.due()
    for table, rows in there.items():
        print(f"{table}: {rows} of {due[table]} rows")
    print(f"different movies: {len(load.paths())} of {load.count}")
    answers = load.answers()
    print(f"answers: {answers.total()}, each movie once: {set(answers.values()) == {1} and len(answers) == load.count}")
    print(f"not delivered: {undelivered(load.rig.ledger)}; parked: {load.broker.waiting(Settings().parked_queue)}")


@contextmanager
def rabbitmq() -> Iterator[RabbitMq]:
    """Run a broker."""
    folder = Path(tempfile.mkdtemp(prefix="broker-"))
    server = RabbitMq(folder)
    try:
        server.start()
        yield server
    finally:
        server.end()
        shutil.rmtree(folder)


@contextmanager
def ispyb_server() -> Iterator[Ispyb]:
    """Run an ISPyB."""
    folder = Path(tempfile.mkdtemp(prefix="ispyb-"))
    server = MariaDb(folder)
    try:
        server.start()
        yield Ispyb(server)
    finally:
        server.kill()
        shutil.rmtree(folder)


@contextmanager
def postgresql_database() -> Iterator[str]:
    """Run a PostgreSQL server; yield the URL of a database."""
    folder = Path(tempfile.mkdtemp(prefix="ledger-"))
    server = Server(folder)
    try:
        server.start()
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        server.kill()
        shutil.rmtree(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--away", type=float, default=60.0)
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()
    main(given.messages, given.away, postgresql=given.postgresql)
