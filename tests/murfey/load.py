"""Many requests at once, and an ISPyB that stops in the middle: all must be there afterwards, and nothing twice.

Broker, gateway, ledger and ISPyB are the real ones, each a process; the work on movies is done by stand-ins, at once.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

import psutil
from mariadb_server import Ispyb
from murfey.rig import Rig, undelivered
from murfey.scripted_at_broker import CONNECTOR, REQUESTS, publish
from murfey.scripted_spa import Collection
from rabbitmq_server import RabbitMq
from sqlalchemy import func, select

from tasks.ledger import posted
from tasks.ledger.tables import requests

FEEDBACK = "murfey_feedback"
RECIPE = "em-spa-preprocess"
OWNERS = {
    "Movie": "dataCollectionId",
    "MotionCorrection": "autoProcProgramId",
    "CTF": "autoProcProgramId",
    "RelativeIceThickness": "autoProcProgramId",
    "ParticlePicker": "programId",
    "zc_ZocaloBuffer": "AutoProcProgramID",
}
"""The tables that have rows for each movie, and the column of its data collection or program."""
_ASKED = select(func.count()).select_from(requests)


@dataclass
class Load:
    """Requests of a scripted Murfey, who hears the answers but asks for nothing more."""

    rig: Rig
    broker: RabbitMq
    ispyb: Ispyb
    names: Sequence[str]
    heard: list[dict] = field(default_factory=list)
    times: dict[str, float] = field(default_factory=dict)
    """Seconds from the first request until something was so."""
    used: float = 0.0
    """CPU seconds of the server of ISPyB before its stop."""

    def __post_init__(self) -> None:
        self.rig.murfey.registrar = self._registered
        for queue in (FEEDBACK, REQUESTS, CONNECTOR):
            self.broker.make(queue)
        self.spa: Collection = self.rig.murfey.spa()
        for name in self.names:
            self.spa.movie(name)

    @property
    def count(self) -> int:
        return len(self.names)

    def run(self, away: float, patience: float) -> None:
        """Send all requests and work them off; when ISPyB has heard of half of them it is away for some seconds."""
        begun = time.monotonic()
        outage = Thread(target=self._outage, args=(away, begun + patience), name="outage")
        outage.start()
        with self.broker.connect() as connection:
            channel = connection.channel()
            for request in self.rig.murfey.requests:
                publish(channel, REQUESTS, request)
        for name, over in self._stages().items():
            while not over():
                assert time.monotonic() < begun + patience, (name, self._standing())
                if not self.rig.do():
                    time.sleep(0.05)
                self.heard += [json.loads(message.body) for message in self.broker.read(FEEDBACK)]
            self.times[name] = time.monotonic() - begun
        outage.join()

    def _stages(self) -> dict[str, Callable[[], bool]]:
        """What must be so at last, in this order."""
        ledger = self.rig.ledger
        return {
            "in the ledger": lambda: ledger.read(lambda connection: connection.scalar(_ASKED)) == self.count,
            "worked on": lambda: self.rig.done["movie"] == self.count,
            "answered": lambda: len(self.heard) >= self.count,
            "in ISPyB": lambda: posted(ledger, "ispyb") == {"sent": self.count},
        }

    def _standing(self) -> object:
        return self.rig.done, len(self.heard), undelivered(self.rig.ledger)

    def _outage(self, away: float, until: float) -> None:
        while posted(self.rig.ledger, "ispyb").get("sent", 0) < self.count / 2 and time.monotonic() < until:
            time.sleep(0.05)
        server = self.ispyb.server
        times = server.process.cpu_times()
        self.used = times.user + times.system
        server.process.terminate()
        server.process.wait(60)
        time.sleep(away)
        server.start()

    def rows(self) -> dict[str, int]:
        """Count the rows of the movies."""
        owners = {"dataCollectionId": self.spa.dcid}
        return {
            table: len(self.ispyb.rows(table, **{column: owners.get(column, self.spa.programs[RECIPE])}))
            for table, column in OWNERS.items()
        }

    def due(self) -> dict[str, int]:
        """How many rows there must be: one for each movie, and two numbers of Murfey's."""
        return dict.fromkeys(OWNERS, self.count) | {"zc_ZocaloBuffer": 2 * self.count}

    def paths(self) -> set[str]:
        """The movies that ISPyB knows."""
        return {row["movieFullPath"] for row in self.ispyb.rows("Movie", dataCollectionId=self.spa.dcid)}

    def answers(self) -> Counter[tuple[str, int]]:
        """How often Murfey was told what, by its own numbers of the movies."""
        return Counter((body["register"], body["motion_correction_id"]) for body in self.heard)

    def _registered(self, *recipes: str) -> tuple[int, Mapping[str, int]]:
        collection = self.ispyb.collection(*recipes)
        return collection.id, dict(collection.programs)


@contextmanager
def gateway(**settings: str) -> Iterator[psutil.Popen]:
    """The gateway in a process of its own, until it is told to stop."""
    command = [sys.executable, "-m", "flows", "murfey", "--no-events", "--port", "0"]
    named = {f"CRYOEM_FLOWS_{name.upper()}": value for name, value in settings.items()}
    process = psutil.Popen(command, env=os.environ | named, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(60) == 0
