"""Gateways that a test starts and stops, in a thread or in a process, whose requests are movies of one session."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import select

from flows.murfey.gateway import Gateway
from flows.murfey.gateway_events import Announcer
from flows.murfey.gateway_health import Health
from flows.murfey.gateway_intake import Desk, Intake, Receive, Taken
from flows.murfey.gateway_metrics import Metrics
from flows.murfey.gateway_publishing import Publisher
from tasks.broker import Backoff
from tasks.errors import InputError
from tasks.ledger import Arrival, Ledger, Session, arrive, open_ledger, open_session
from tasks.ledger.tables import items

SESSION = Session(name="grid", kind="spa", folder=Path("/data/grid"))


def request(number: int) -> bytes:
    return json.dumps({"movie": f"/data/{number:05}.tif"}).encode()


def receive(ledger: Ledger, body: bytes, _redelivered: bool) -> Taken:
    """Write down a movie; another recipe is not ours, and all else is poison."""
    try:
        content = json.loads(body)
    except ValueError as error:
        raise InputError("message", repr(body), "JSON") from error
    if not isinstance(content, dict):
        raise InputError("message", content, "an object")
    if "bug" in content:
        raise ZeroDivisionError(content["bug"])
    if "movie" not in content:
        return Taken("sxt-align", ours=False)
    movie = Arrival(session="grid", kind="movie", key=content["movie"], payload={"path": content["movie"]})
    return Taken("em-spa-preprocess", arrivals=arrive(ledger, [movie]))


@dataclass
class Site:
    """A broker's queues and a ledger, with which gateways are made."""

    url: str
    ledger: Ledger
    queue: str
    parked: str
    foreign: str | None = None
    rate: float = 1000.0
    receive: Receive = receive
    announced: list[Arrival] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.health = Health()
        self.metrics = Metrics(self.health)

    def gateway(self) -> Gateway:
        return Gateway(
            url=SecretStr(self.url),
            ledger=self.ledger,
            intake=Intake(self.ledger, {self.queue: Desk(self.receive, self.foreign)}, self.parked, self.metrics),
            publisher=Publisher(self.ledger, self.rate, self.metrics),
            announcer=Announcer(self.announced.extend, interval=0.1),
            health=self.health,
            metrics=self.metrics,
            retry=Backoff(0.1, 0.5),
            ledger_retry=Backoff(0.1, 0.5),
        )

    @contextmanager
    def running(self) -> Iterator[threading.Thread]:
        """Run a gateway meanwhile, and let it end as if told to stop."""
        stop, failures = threading.Event(), []
        thread = threading.Thread(target=_run, args=(self.gateway(), stop, failures))
        thread.start()
        try:
            yield thread
        finally:
            stop.set()
            thread.join(60)
        assert not thread.is_alive()
        assert failures == []

    def movies(self) -> dict[str, int]:
        """Return the movies in the ledger, and how often each was announced anew."""
        query = select(items.c.key, items.c.attempt).order_by(items.c.key)
        return dict(self.ledger.read(lambda connection: connection.execute(query).all()))

    def sample(self, name: str, **labels: str) -> float:
        """Return a figure as Prometheus sees it."""
        return self.metrics.registry.get_sample_value(f"cryoem_gateway_{name}", labels) or 0.0


def _run(gateway: Gateway, stop: threading.Event, failures: list[BaseException]) -> None:
    try:
        gateway.run(stop)
    except BaseException as error:  # noqa: BLE001 - for the thread of the test
        failures.append(error)


def opened(url: str, patience: float = 1.0) -> Ledger:
    """Open a ledger with the session."""
    ledger = open_ledger(url, patience=patience)
    open_session(ledger, SESSION)
    return ledger


def until(done, seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def main(url: str, ledger: str, queue: str, parked: str) -> None:
    """Run a gateway in a process of its own, which is killed when the first messages are in the ledger."""
    gateway = Site(url, opened(ledger), queue, parked).gateway()
    # What arrived is known when it is written, and before it is settled.
    gateway.announcer.add = lambda _arrivals: kill(getpid(), SIGKILL)
    gateway.run(threading.Event())


if __name__ == "__main__":
    from os import getpid, kill
    from signal import SIGKILL

    main(*sys.argv[1:])
